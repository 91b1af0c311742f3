import type { Dialect } from '../resource/dialect.js';
import type { NextResources, ResourceChange } from '../resource/load/next-resources.js';
import type { Resource } from '../resource/model/index.js';
import { routeKinds } from './all-routes.js';
import { buildStructure } from './build-inventory.js';
import { type BuiltInventory, diagnosed, diagnosedAgain } from './built-inventory.js';
import type { Inventory } from './inventory.js';
import { keepIdentity } from './keep-identity.js';
import { carryIndexes } from './policy-index.js';
import { compareResources } from './select-resources.js';
import { type ListChange, spliced } from './spliced.js';

/**
 * Kinds that only attach to what others make up: where they alone are concerned, workloads, services and gateways are the same
 * objects. A kind that is not listed here makes everything be built anew.
 */
const attachedKinds: ReadonlySet<Resource['kind']> = new Set<Resource['kind']>([
  'AuthorizationPolicy',
  'PeerAuthentication',
  'RequestAuthentication',
  'ClusterRbacConfig',
  'RbacConfig',
  'ServiceRole',
  'ServiceRoleBinding',
  ...routeKinds,
  'Secret',
  'Unmodelled',
]);

/**
 * The inventory of resources that differ a little from those of the one before: what `buildInventory` would make of them, in
 * which everything that is the same is the same object. Where only policies, routes and the like have changed it costs
 * what they cost; where anything else has, or it is not known what, all is built anew and then compared.
 */
export function nextInventory(previous: BuiltInventory, { set, dialect, change }: NextResources): BuiltInventory {
  if (change !== undefined && isAttachedOnly(previous, set.meshConfig, dialect, change)) return withAttached(previous, change);
  const { inventory, structure } = buildStructure(set, dialect);
  return diagnosed(keepIdentity(previous.inventory, inventory), structure);
}

function isAttachedOnly(
  { inventory }: BuiltInventory,
  mesh: Inventory['mesh'],
  dialect: Dialect,
  { removed, added }: ResourceChange,
): boolean {
  return (
    mesh === inventory.mesh &&
    dialect === inventory.dialect &&
    [...removed, ...added].every(({ kind }) => attachedKinds.has(kind))
  );
}

function withAttached(previous: BuiltInventory, change: ResourceChange): BuiltInventory {
  const before = previous.inventory;
  const policies = ofKind(change, 'AuthorizationPolicy');
  const requestAuthentications = ofKind(change, 'RequestAuthentication');
  const after: Inventory = {
    dialect: before.dialect,
    mesh: before.mesh,
    namespaces: before.namespaces,
    workloads: before.workloads,
    services: before.services,
    gateways: before.gateways,
    gatewayClasses: before.gatewayClasses,
    policies: spliced(before.policies, policies),
    peerAuthentications: spliced(before.peerAuthentications, ofKind(change, 'PeerAuthentication')),
    requestAuthentications: spliced(before.requestAuthentications, requestAuthentications),
    rbacConfigs: spliced(before.rbacConfigs, ofKind(change, 'ClusterRbacConfig', 'RbacConfig'), compareConfigs),
    serviceRoles: spliced(before.serviceRoles, ofKind(change, 'ServiceRole')),
    serviceRoleBindings: spliced(before.serviceRoleBindings, ofKind(change, 'ServiceRoleBinding')),
    httpRoutes: spliced(before.httpRoutes, ofKind(change, 'HTTPRoute')),
    tcpRoutes: spliced(before.tcpRoutes, ofKind(change, 'TCPRoute')),
    tlsRoutes: spliced(before.tlsRoutes, ofKind(change, 'TLSRoute')),
    referenceGrants: before.referenceGrants,
    secrets: nextSecrets(before.secrets, ofKind(change, 'Secret')),
    unmodelled: spliced(before.unmodelled, ofKind(change, 'Unmodelled')),
    workloadByAddress: before.workloadByAddress,
    serviceByAddress: before.serviceByAddress,
    servicesByHostname: before.servicesByHostname,
    namespaceLabels: before.namespaceLabels,
  };
  carryIndexes(before, after, policies, requestAuthentications);
  return diagnosedAgain(previous, after, ofKind(change, 'AuthorizationPolicy', 'RequestAuthentication', ...routeKinds));
}

function ofKind<Kind extends Resource['kind']>(
  { removed, added }: ResourceChange,
  ...kinds: readonly Kind[]
): ListChange<Extract<Resource, { kind: Kind }>> {
  const wanted = new Set<string>(kinds);
  const isWanted = (resource: Resource): resource is Extract<Resource, { kind: Kind }> => wanted.has(resource.kind);
  return { removed: removed.filter(isWanted), added: added.filter(isWanted) };
}

type RbacConfigs = Inventory['rbacConfigs'][number];

/** ClusterRbacConfigs come first. */
function compareConfigs(a: RbacConfigs, b: RbacConfigs): number {
  return a.kind === b.kind ? compareResources(a, b) : a.kind === 'ClusterRbacConfig' ? -1 : 1;
}

function nextSecrets(
  secrets: Inventory['secrets'],
  change: ListChange<Extract<Resource, { kind: 'Secret' }>>,
): Inventory['secrets'] {
  const list = [...secrets.values()];
  const next = spliced(list, change);
  return next === list
    ? secrets
    : new Map(next.map((secret) => [`${secret.metadata.namespace}/${secret.metadata.name}`, secret]));
}
