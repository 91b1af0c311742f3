import { buildInventory, type Inventory, type Resource, type Subject } from '@sallyport/policy';
import { askRoles } from '../recorded/ask-roles.js';
import type { RoleQuery } from '../recorded/recorded-case.js';
import type { BothDialects, Reading } from './both-dialects.js';
import { type DialectRow, dialectRow } from './dialect-rows.js';
import type { Difference } from './difference.js';

/** How the dialects differ on a query of the older generation; undefined where they agree. */
export function compareRoles({ strict, upstream }: BothDialects, query: RoleQuery): Omit<Difference, 'where'> | undefined {
  const ours = askRoles(strict.inventory, query);
  const theirs = askRoles(upstream.inventory, query);
  if (ours.effect === theirs.effect) return undefined;
  const supported = withoutUnsupported(upstream, strict, query.gate === 'sidecar-tcp');
  const agree = askRoles(supported, query).effect === ours.effect;
  const rows: readonly DialectRow[] = agree ? [dialectRow('RBAC v1alpha1: unsupported key or value')] : [];
  return { strict: ours.effect, reason: ours.reason, rows };
}

/** What upstream has, without the objects that `strict` refuses and, on TCP, the subjects with values that TCP cannot compare. */
function withoutUnsupported(upstream: Reading, strict: Reading, tcp: boolean): Inventory {
  const accepted = new Set(strict.set.resources.map(keyOf));
  const resources = upstream.set.resources.filter((resource) => accepted.has(keyOf(resource)));
  const left = tcp ? resources.map(withoutIncomparable) : resources;
  return buildInventory({ ...upstream.set, resources: left }, upstream.dialect).inventory;
}

function keyOf({ kind, metadata }: Resource): string {
  return `${kind} ${metadata.namespace}/${metadata.name}`;
}

function withoutIncomparable(resource: Resource): Resource {
  if (resource.kind !== 'ServiceRoleBinding') return resource;
  return { ...resource, subjects: resource.subjects.filter((subject) => !isIncomparable(subject)) };
}

/** Upstream compares the end of a name, and a namespace with a star, with texts that they never equal on TCP. */
function isIncomparable({ terms, properties }: Subject): boolean {
  const isNamespace = (value: string) => value.includes('*') && value !== '*';
  const isName = (value: string) => value.startsWith('*') && value !== '*';
  return (
    terms.some(({ field, values }) => {
      if (field === 'namespaces') return values.some(({ value }) => isNamespace(value));
      return (field === 'names' || field === 'user') && values.some(({ value }) => isName(value));
    }) ||
    properties.some(({ key, value }) => {
      if (key.value === 'source.namespace') return isNamespace(value.value);
      return key.value === 'source.principal' && isName(value.value);
    })
  );
}
