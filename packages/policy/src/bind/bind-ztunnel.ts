import type { Inventory, Workload } from '../inventory/inventory.js';
import { authorizationIndex } from '../inventory/policy-index.js';
import { flagEnabled } from '../resource/dialect.js';
import type { AuthorizationPolicy } from '../resource/model/index.js';
import { type Attached, attachBySelector, attached, inOrder } from './attach-by-selector.js';
import type { BoundPolicy, Closure, UnboundPolicy, UnboundReason, ZtunnelBinding } from './binding.js';
import { closuresAtZtunnel } from './closures.js';
import { effectiveMtls } from './effective-mtls.js';
import { implicitWaypointPolicies } from './implicit-waypoint-policy.js';
import { rolesAtZtunnel } from './roles/roles-at-gate.js';
import { unboundAtZtunnel } from './unbound-at-ztunnel.js';

/**
 * What the ztunnel in front of a workload enforces (reference sections 4.2, 5.1, 5.2): policies without targetRefs only. In
 * `strict` the configurations that a ztunnel cannot enforce close the workload. The reasons for the rest are worked out when
 * `unbound` is first read.
 */
export function bindZtunnel(inventory: Inventory, workload: Workload): ZtunnelBinding {
  const implicit = implicitWaypointPolicies(inventory, workload).map((policy) => attached(policy, 'gateway'));
  const candidates = inOrder([...candidatesAtZtunnel(inventory, workload), ...implicit]);
  const dropped = candidates.flatMap(({ policy }) => notSent(inventory, policy));
  const droppedPolicies = new Set(dropped.map(({ policy }) => policy));
  const policies: readonly BoundPolicy[] = candidates.filter(({ policy }) => !droppedPolicies.has(policy));
  const closures: readonly Closure[] = closuresAtZtunnel(inventory, workload, policies);
  let unbound: readonly UnboundPolicy[] | undefined;
  return {
    gate: 'ztunnel',
    workload,
    policies,
    closures,
    roles: rolesAtZtunnel(inventory, workload),
    mtls: effectiveMtls(inventory, workload),
    get unbound() {
      unbound ??= unboundAtZtunnel(inventory, workload, { policies, closures, dropped });
      return unbound;
    },
  };
}

function candidatesAtZtunnel(inventory: Inventory, workload: Workload): Attached<AuthorizationPolicy>[] {
  const index = authorizationIndex(inventory);
  if (inventory.dialect.name === 'strict') return attachBySelector(index, inventory, workload, 'namespace');
  const candidates = attachBySelector(index, inventory, workload, 'nothing');
  return Object.keys(workload.labels).length > 0 ? candidates : [...candidates, ...allSelectors(inventory, workload)];
}

/** Upstream skips the selector filter for a pod without any label, so that every selector policy in scope attaches (section 5.1). */
function allSelectors(inventory: Inventory, { namespace }: Workload): Attached<AuthorizationPolicy>[] {
  const index = authorizationIndex(inventory);
  return [...new Set([namespace, inventory.mesh.rootNamespace])].flatMap((scope) =>
    [...index.withSelector(scope), ...index.withEmptySelector(scope)].map((policy) =>
      attached(policy, scope === namespace ? 'selector' : 'root-selector'),
    ),
  );
}

/** What upstream's control plane keeps from ztunnel (section 4.2); `strict` keeps nothing. */
function notSent({ dialect }: Inventory, policy: AuthorizationPolicy): UnboundPolicy[] {
  if (dialect.name === 'strict') return [];
  const because = (reason: UnboundReason) => [{ policy, reason }];
  if (policy.dryRun && !flagEnabled(dialect, 'AMBIENT_ENABLE_DRY_RUN_AUTHORIZATION_POLICY')) return because('dry-run-flag-off');
  return policy.action === 'AUDIT' || policy.action === 'CUSTOM' ? because('action-at-ztunnel') : [];
}
