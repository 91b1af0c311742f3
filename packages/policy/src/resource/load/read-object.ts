import type { DecodeContext } from '../decode/context.js';
import { Fields } from '../decode/fields.js';
import { decodeMetadata } from '../decode/metadata.js';
import type { Kind } from '../kinds/kind.js';
import { findKind, findOlderKind } from '../kinds/registry.js';
import { isUnmodelled } from '../kinds/unmodelled.js';
import type { Resource } from '../model/index.js';
import type { ResourceBase } from '../model/metadata.js';
import type { Node } from '../parse/node.js';
import { spanOf } from '../parse/node.js';
import { checkMetadata } from '../validate/metadata.js';
import { asList } from './list.js';

/** What one document of a file turned out to be. */
export type Found =
  | { readonly found: 'resource'; readonly resource: Resource }
  | { readonly found: 'config-map'; readonly object: Fields }
  | { readonly found: 'skipped'; readonly kind: string }
  | { readonly found: 'nothing' };

const nothing: readonly Found[] = [{ found: 'nothing' }];

/** Reads the objects of one document: itself, or the items of a list. Those with an error are `nothing`, and reported. */
export function readObjects(node: Node, context: DecodeContext): readonly Found[] {
  if (node.kind !== 'map') {
    context.reporter.report('not-an-object', spanOf(node), 'this is not an object of Kubernetes', {
      hint: 'an object has `apiVersion`, `kind` and `metadata`',
    });
    return nothing;
  }
  const list = asList(node);
  if (list !== undefined) return list.flatMap((item) => readObjects(item, context));
  const before = context.reporter.errorCount;
  const found = readObject(new Fields(node, '', context, { nulls: 'absent' }), context);
  return context.reporter.errorCount > before ? nothing : [found];
}

function readObject(probe: Fields, context: DecodeContext): Found {
  const older = olderKind(probe, context);
  if (older !== undefined) return { found: 'resource', resource: readKind(probe, older, 'rbac.istio.io/v1alpha1', context) };
  for (const name of ['apiVersion', 'kind']) probe.require(name, 'an object has `apiVersion`, `kind` and `metadata`');
  const apiVersion = probe.string('apiVersion');
  const name = probe.string('kind');
  if (!apiVersion || !name) return { found: 'nothing' };
  const { group, version } = splitApiVersion(apiVersion);
  if (group === '' && name === 'ConfigMap') return { found: 'config-map', object: probe };
  const kind = findKind(group, name);
  if (kind === undefined) return readUnread(probe, apiVersion, group, name);
  if (kind.versions.includes(version)) return { found: 'resource', resource: readKind(probe, kind, apiVersion, context) };
  probe.report('unsupported-version', probe.valueSpan('apiVersion'), `\`${apiVersion}\` of ${name} is not supported`, {
    hint: `write one of ${kind.versions.map((known) => `\`${joinApiVersion(group, known)}\``).join(', ')}`,
  });
  return { found: 'nothing' };
}

/** In `upstream` the kinds of the older generation are known by name alone, as to the reader of the time, whatever their group and version say. */
function olderKind(probe: Fields, context: DecodeContext): Kind | undefined {
  const kind = probe.node.entries.get('kind')?.value;
  if (context.dialect.name === 'strict' || kind?.kind !== 'scalar') return undefined;
  return findOlderKind(kind.text);
}

function readKind(probe: Fields, kind: Kind, apiVersion: string, context: DecodeContext): Resource {
  const refusing = refusesUnexpected(kind, context);
  const strictness = { nulls: refusing ? 'error' : 'absent' } as const;
  const object = new Fields(probe.node, '', context, strictness);
  const base = readBase(probe, apiVersion, kind.scope);
  checkMetadata(base.metadata, probe, kind);
  const resource = kind.read(object, base);
  object.ignore('apiVersion', 'kind', 'metadata', 'spec', 'status');
  if (refusing) object.refuseUnknown();
  return resource;
}

function refusesUnexpected({ owner }: Kind, { dialect }: DecodeContext): boolean {
  return owner === 'istio' || (owner === 'istio-v1alpha1' && dialect.name === 'strict');
}

function readBase(object: Fields, apiVersion: string, scope: 'namespaced' | 'cluster'): ResourceBase {
  return { apiVersion, metadata: decodeMetadata(object, scope), span: object.span };
}

/** Kinds that are not read: those that change what happens are kept by name, the others only counted. */
function readUnread(probe: Fields, apiVersion: string, group: string, name: string): Found {
  if (!isUnmodelled(group, name)) return { found: 'skipped', kind: name };
  return { found: 'resource', resource: { ...readBase(probe, apiVersion, 'namespaced'), kind: 'Unmodelled', writtenKind: name } };
}

function splitApiVersion(apiVersion: string): { group: string; version: string } {
  const slash = apiVersion.indexOf('/');
  return { group: slash === -1 ? '' : apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1) };
}

function joinApiVersion(group: string, version: string): string {
  return group === '' ? version : `${group}/${version}`;
}
