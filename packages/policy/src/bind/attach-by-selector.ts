import type { Inventory } from '../inventory/inventory.js';
import type { Labels } from '../inventory/labels.js';
import type { Attachable, PolicyIndex } from '../inventory/policy-index.js';
import type { Metadata } from '../resource/model/index.js';
import type { Attachment } from './binding.js';

/** A policy with the way it came. */
export interface Attached<Policy> {
  readonly policy: Policy;
  readonly attachment: Attachment;
}

/** How an empty selector reads: as none, or as one that matches nothing. */
export type EmptySelector = 'namespace' | 'nothing';

/**
 * The policies without targetRefs that apply to a pod: those of its namespace and of the root namespace, with a selector that
 * matches its labels or with none (reference section 5.1).
 */
export function attachBySelector<Policy extends Attachable>(
  index: PolicyIndex<Policy>,
  { mesh: { rootNamespace } }: Inventory,
  pod: { readonly namespace: string; readonly labels: Labels },
  emptySelector: EmptySelector,
): Attached<Policy>[] {
  const scopes = [...new Set([pod.namespace, rootNamespace])];
  const wide = scopes.flatMap((namespace) => [
    ...index.withoutSelector(namespace),
    ...(emptySelector === 'namespace' ? index.withEmptySelector(namespace) : []),
  ]);
  const selecting = scopes.flatMap((namespace) => index.selecting(namespace, pod.labels));
  return [
    ...wide.map((policy) => attached(policy, policy.metadata.namespace === rootNamespace ? 'root-namespace' : 'namespace')),
    ...selecting.map((policy) => attached(policy, policy.metadata.namespace === pod.namespace ? 'selector' : 'root-selector')),
  ];
}

/** Pairs a policy with its attachment. */
export function attached<Policy>(policy: Policy, attachment: Attachment): Attached<Policy> {
  return { policy, attachment };
}

/** By namespace and name, the order of the inventory: a binding does not depend on the order of manifests. */
export function inOrder<Item extends { readonly policy: Attachable }>(items: readonly Item[]): Item[] {
  return [...items].sort((a, b) => compare(a.policy.metadata, b.policy.metadata));
}

function compare(a: Metadata, b: Metadata): number {
  const [left, right] = [`${a.namespace}/${a.name}`, `${b.namespace}/${b.name}`];
  return left < right ? -1 : left > right ? 1 : 0;
}
