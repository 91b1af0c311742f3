import { rbacSwitch } from '../../bind/roles/rbac-switch.js';
import { destinationsOf } from '../../bind/roles/roles-at-gate.js';
import { replacementsOf } from '../../bind/roles/scope-of.js';
import type { ServiceInfo } from '../../inventory/inventory.js';
import { type FindingContext, listNames } from '../finding-context.js';
import { qualifiedName } from '../walk/gate-view.js';

/**
 * Roles that are in force nowhere, or no longer everywhere: RBAC of the older generation is off for their services, or an
 * AuthorizationPolicy has taken its place (legacy reference section 2.1).
 */
export function roleNotInForce(context: FindingContext): void {
  const { inventory } = context;
  if (inventory.serviceRoles.length === 0) return;
  const services = [...inventory.services.values()];
  const on = services.filter(({ hostname: host, namespace }) => rbacSwitch(inventory, { host, namespace }) !== undefined);
  const replaced = on.filter(replacedIn(context));
  for (const { metadata } of inventory.serviceRoles) {
    const here = ({ namespace }: ServiceInfo) => namespace === metadata.namespace;
    const role = `role \`${qualifiedName(metadata)}\``;
    if (services.some(here) && !on.some(here))
      context.report('role-not-in-force', metadata.nameSpan, `${role} is in force nowhere: RBAC is off for its namespace`, {
        hint: 'turn it on by a ClusterRbacConfig named `default`; until then everything is allowed',
      });
    const names = replaced.filter(here).map(({ hostname }) => hostname);
    if (names.length === 0) continue;
    const message = `${role} no longer counts for ${listNames(names)}: AuthorizationPolicies have taken the place of all roles there`;
    context.report('role-not-in-force', metadata.nameSpan, message, {
      hint: 'write what the role grants as AuthorizationPolicies, and remove it',
    });
  }
}

/** Policies select workloads behind the service, or are in force at its waypoint. */
function replacedIn({ inventory, gates }: FindingContext): (service: ServiceInfo) => boolean {
  const guarded = gates.fronts.filter(({ binding }) => binding.policies.some(({ policy }) => !policy.dryRun));
  const keys = new Set(guarded.map(({ service }) => service.key));
  return (service) =>
    keys.has(service.key) ||
    destinationsOf(inventory, service).some((destination) => replacementsOf(inventory, destination).length > 0);
}
