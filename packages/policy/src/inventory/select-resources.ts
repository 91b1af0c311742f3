import { compareSpans } from '../diagnostic/span.js';
import type { Resource, ResourceSet } from '../resource/model/index.js';

/** The objects of some kinds, by namespace, name and place: in an order that does not depend on that of the input. */
export function selectResources<Kind extends Resource['kind']>(
  set: ResourceSet,
  ...kinds: readonly Kind[]
): Extract<Resource, { kind: Kind }>[] {
  const wanted = new Set<string>(kinds);
  return set.resources
    .filter((resource): resource is Extract<Resource, { kind: Kind }> => wanted.has(resource.kind))
    .sort(compareResources);
}

/** By namespace, name, kind and place: the order of every list of an inventory. */
export function compareResources(a: Resource, b: Resource): number {
  return (
    compareText(a.metadata.namespace, b.metadata.namespace) ||
    compareText(a.metadata.name, b.metadata.name) ||
    compareText(a.kind, b.kind) ||
    compareSpans(a.span, b.span)
  );
}

/** Orders texts by code unit, the same on every machine. */
function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
