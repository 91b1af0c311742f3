import type { GatewayInfo, Inventory } from '../inventory/inventory.js';
import { type Attachable, authorizationIndex, type PolicyIndex, requestAuthenticationIndex } from '../inventory/policy-index.js';
import { flagEnabled } from '../resource/dialect.js';
import type { AuthorizationPolicy } from '../resource/model/index.js';
import { type Attached, attachBySelector, attached, inOrder } from './attach-by-selector.js';
import { targetsGateway } from './attach-by-target.js';
import type { GatewayBinding, UnboundPolicy, UnboundReason } from './binding.js';
import { closuresAtL7 } from './closures.js';
import { rolesAtGateway } from './roles/roles-at-gate.js';

/**
 * What an ingress gateway enforces (reference section 5.2): policies that target it, and policies without targetRefs that
 * apply to its pods, unless the control plane turned those off.
 */
export function bindGateway(inventory: Inventory, gateway: GatewayInfo): GatewayBinding {
  const policies = inOrder(attach(inventory, authorizationIndex(inventory), gateway));
  const requestAuthentications = inOrder(attach(inventory, requestAuthenticationIndex(inventory), gateway)).map(
    ({ policy }) => policy,
  );
  const handled = new Set(policies.map(({ policy }) => policy));
  let unbound: readonly UnboundPolicy[] | undefined;
  return {
    gate: 'gateway',
    gateway,
    policies,
    requestAuthentications,
    roles: rolesAtGateway(inventory, gateway, policies),
    closures: closuresAtL7(requestAuthentications),
    get unbound() {
      unbound ??= unboundAtGateway(inventory, gateway, handled);
      return unbound;
    },
  };
}

function attach<Policy extends Attachable>(
  inventory: Inventory,
  index: PolicyIndex<Policy>,
  gateway: GatewayInfo,
): Attached<Policy>[] {
  const targeting = index
    .targeting('Gateway', gateway.resource.metadata.name)
    .filter((policy) => targetsGateway(policy, gateway));
  return [
    ...targeting.map((policy) => attached(policy, 'gateway')),
    ...(selectorsCount(inventory) ? attachBySelector(index, inventory, gateway.workload, 'namespace') : []),
  ];
}

function selectorsCount({ dialect }: Inventory): boolean {
  return flagEnabled(dialect, 'ENABLE_SELECTOR_BASED_K8S_GATEWAY_POLICY', true);
}

function unboundAtGateway(
  inventory: Inventory,
  gateway: GatewayInfo,
  handled: ReadonlySet<AuthorizationPolicy>,
): UnboundPolicy[] {
  const index = authorizationIndex(inventory);
  const { namespace, name } = gateway.resource.metadata;
  const candidates = new Set([
    ...index.inNamespace(namespace),
    ...index.inNamespace(inventory.mesh.rootNamespace).filter((policy) => policy.targetRefs.length === 0),
    ...index.targeting('Gateway', name),
  ]);
  const rest = [...candidates].filter((policy) => !handled.has(policy));
  return inOrder(rest.map((policy): UnboundPolicy => ({ policy, reason: reasonFor(inventory, gateway, policy) })));
}

function reasonFor(inventory: Inventory, { resource }: GatewayInfo, { targetRefs }: AuthorizationPolicy): UnboundReason {
  if (targetRefs.length === 0) return selectorsCount(inventory) ? 'selector-mismatch' : 'selector-policies-disabled';
  if (targetRefs.some(({ kind, name }) => kind === 'Gateway' && name === resource.metadata.name)) return 'other-namespace';
  return targetRefs.some(({ kind }) => kind === 'Gateway') ? 'targets-other-object' : 'service-target-at-gateway';
}
