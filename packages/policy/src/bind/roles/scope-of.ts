import type { Inventory } from '../../inventory/inventory.js';
import { append } from '../../inventory/labels.js';
import { memoized } from '../../inventory/memoized.js';
import { authorizationIndex } from '../../inventory/policy-index.js';
import type { ServiceRole, ServiceRoleBinding } from '../../resource/model/index.js';
import { attachBySelector } from '../attach-by-selector.js';
import type { BoundPolicy } from '../binding.js';
import { concernsDestination } from './concerns-destination.js';
import { rbacSwitch } from './rbac-switch.js';
import type { BoundRole, RoleDestination, RoleScope } from './role-scope.js';

/**
 * RBAC of the older generation for a destination; undefined where it is off, or where AuthorizationPolicies have taken its place
 * (legacy reference sections 0 and 2.1).
 */
export function scopeOf(inventory: Inventory, destination: RoleDestination): RoleScope | undefined {
  const config = rbacSwitch(inventory, destination);
  if (config === undefined || replacementsOf(inventory, destination).length > 0) return undefined;
  return { destination, config, permissive: config.permissive, roles: rolesOf(inventory, destination) };
}

/**
 * The AuthorizationPolicies that select a workload, whatever their action: they take the place of all roles for that workload
 * (legacy reference section 2.1). One that is only tried out takes nobody's place.
 */
export function replacementsOf(
  inventory: Inventory,
  workload: { readonly namespace: string; readonly labels: Readonly<Record<string, string>> },
): readonly BoundPolicy[] {
  const selecting = attachBySelector(authorizationIndex(inventory), inventory, workload, 'namespace');
  return selecting.filter(({ policy }) => !policy.dryRun);
}

function rolesOf(inventory: Inventory, destination: RoleDestination): readonly BoundRole[] {
  const { roles, bindings } = roleIndex(inventory);
  return (roles.get(destination.namespace) ?? []).flatMap((role) => {
    const bound = bindings.get(bindingKey(role.metadata.namespace, role.metadata.name)) ?? [];
    const rules = bound.length === 0 ? [] : role.rules.filter((rule) => concernsDestination(rule, destination));
    return rules.length === 0 ? [] : [{ role, rules, bindings: bound }];
  });
}

interface RoleIndex {
  /** By namespace, in order of names. */
  readonly roles: ReadonlyMap<string, readonly ServiceRole[]>;
  /** By namespace and name of the role. */
  readonly bindings: ReadonlyMap<string, readonly ServiceRoleBinding[]>;
}

const rolesByNamespace = new WeakMap<Inventory['serviceRoles'], RoleIndex['roles']>();
const bindingsByRole = new WeakMap<Inventory['serviceRoleBindings'], RoleIndex['bindings']>();

function roleIndex({ serviceRoles, serviceRoleBindings }: Inventory): RoleIndex {
  return {
    roles: memoized(rolesByNamespace, serviceRoles, () => {
      const roles = new Map<string, ServiceRole[]>();
      for (const role of serviceRoles) append(roles, role.metadata.namespace, role);
      return roles;
    }),
    bindings: memoized(bindingsByRole, serviceRoleBindings, () => {
      const bindings = new Map<string, ServiceRoleBinding[]>();
      for (const binding of serviceRoleBindings)
        append(bindings, bindingKey(binding.metadata.namespace, binding.role.value), binding);
      return bindings;
    }),
  };
}

function bindingKey(namespace: string, role: string): string {
  return `${namespace}/${role}`;
}
