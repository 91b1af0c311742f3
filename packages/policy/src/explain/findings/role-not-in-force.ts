import { rbacSwitch } from '../../bind/roles/rbac-switch.js';
import { destinationsOf } from '../../bind/roles/roles-at-gate.js';
import { replacementsOf, scopeOf } from '../../bind/roles/scope-of.js';
import type { Inventory, ServiceInfo } from '../../inventory/inventory.js';
import type { ServiceRole } from '../../resource/model/index.js';
import { type FindingContext, listNames } from '../finding-context.js';
import { qualifiedName } from '../walk/gate-view.js';

/**
 * Roles that are in force nowhere, or no longer everywhere: RBAC of the older generation is off for their services, or an AuthorizationPolicy has
 * taken its place (legacy reference section 2.1).
 */
export function roleNotInForce(context: FindingContext): void {
  const { inventory } = context;
  for (const role of inventory.serviceRoles) {
    const services = [...inventory.services.values()].filter(({ namespace }) => namespace === role.metadata.namespace);
    reportOff(context, role, services);
    reportReplaced(context, role, services);
  }
}

function reportOff(context: FindingContext, role: ServiceRole, services: readonly ServiceInfo[]): void {
  const { inventory } = context;
  const on = services.some(({ hostname: host, namespace }) => rbacSwitch(inventory, { host, namespace }) !== undefined);
  if (on || services.length === 0) return;
  const name = qualifiedName(role.metadata);
  context.report(
    'role-not-in-force',
    role.metadata.nameSpan,
    `role \`${name}\` is in force nowhere: RBAC is off for its namespace`,
    {
      hint: 'turn it on by a ClusterRbacConfig named `default`; until then everything is allowed',
    },
  );
}

function reportReplaced(context: FindingContext, role: ServiceRole, services: readonly ServiceInfo[]): void {
  const { inventory } = context;
  const replaced = services.filter((service) => isReplaced(inventory, service));
  if (replaced.length === 0) return;
  const names = listNames(replaced.map(({ hostname }) => hostname));
  const message = `role \`${qualifiedName(role.metadata)}\` no longer counts for ${names}: AuthorizationPolicies have taken the place of all roles there`;
  context.report('role-not-in-force', role.metadata.nameSpan, message, {
    hint: 'write what the role grants as AuthorizationPolicies, and remove it',
  });
}

function isReplaced(inventory: Inventory, service: ServiceInfo): boolean {
  if (rbacSwitch(inventory, { host: service.hostname, namespace: service.namespace }) === undefined) return false;
  return destinationsOf(service).some(
    (destination) => scopeOf(inventory, destination) === undefined && replacementsOf(inventory, destination).length > 0,
  );
}
