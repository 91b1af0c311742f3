import {
  bindGateway,
  bindWaypoint,
  bindZtunnel,
  type GateBinding,
  type GatewayInfo,
  type Inventory,
  type Metadata,
  resolveWorkloadWaypoint,
  type ServiceInfo,
  type Workload,
  waypointsOf,
} from '@sallyport/policy';
import type { PolicyReport } from './mesh-status.js';

/** What the ztunnel of a workload enforces: its authorization policies, then what says that plaintext is refused. */
export function ztunnelPolicies(inventory: Inventory, workload: Workload): { policies: PolicyReport[]; mtls: string } {
  const binding = bindZtunnel(inventory, workload);
  const policies = boundPolicies(binding);
  const { mode, policy } = binding.mtls;
  if (policy !== undefined) policies.push({ ...named(policy), kind: 'PeerAuthentication', action: mode });
  return { policies, mtls: mode };
}

/** What a waypoint or gateway enforces; of a waypoint, for each object that it guards. */
export function gatewayPolicies(inventory: Inventory, gateway: GatewayInfo): PolicyReport[] {
  if (gateway.role === 'ingress') return boundPolicies(bindGateway(inventory, gateway));
  return guardedBy(inventory, gateway).flatMap((target) =>
    boundPolicies(bindWaypoint(inventory, gateway, target)).map((report) => ({ ...report, target: target.key })),
  );
}

/** The services and workloads whose traffic goes through this waypoint. */
function guardedBy(inventory: Inventory, gateway: GatewayInfo): (ServiceInfo | Workload)[] {
  const isThis = (other: GatewayInfo): boolean => other.key === gateway.key;
  return [
    ...[...inventory.services.values()].filter((service) =>
      waypointsOf(inventory, service).some((share) => isThis(share.gateway)),
    ),
    ...[...inventory.workloads.values()].filter((workload) => {
      const waypoint = resolveWorkloadWaypoint(inventory, workload);
      return waypoint.kind === 'bound' && isThis(waypoint.gateway);
    }),
  ];
}

function boundPolicies(binding: GateBinding): PolicyReport[] {
  const closes = new Map(binding.closures.map((closure) => [closure.policy as object, closure.reason]));
  const policies = binding.policies.map(({ policy, attachment }) => {
    const report = { ...named(policy), kind: 'AuthorizationPolicy' as const, action: policy.action, attachment };
    const reason = closes.get(policy);
    return reason === undefined ? report : { ...report, closes: reason };
  });
  return [...policies, ...rolesInForce(binding)];
}

/** What turned RBAC of the older generation on, and each role once, for however many destinations it is in force. */
function rolesInForce({ roles: scopes }: GateBinding): PolicyReport[] {
  const configs = new Set(scopes.map(({ config }) => config));
  const roles = new Set(scopes.flatMap(({ roles: bound }) => bound.map(({ role }) => role)));
  return [
    ...[...configs].map((config) => ({
      ...named(config),
      kind: config.kind,
      action: config.permissive ? 'RBAC, tried out' : 'RBAC',
      attachment: config.mode,
    })),
    ...[...roles].map((role) => ({ ...named(role), kind: role.kind, action: 'ROLE', attachment: 'namespace' })),
  ];
}

/** The place is that of its name, as in all that is printed of policies. */
function named({ metadata: { namespace, name, nameSpan } }: { readonly metadata: Metadata }) {
  return { namespace, name, file: nameSpan.file, line: nameSpan.start.line };
}
