import type { GatewayInfo, Inventory, ServiceInfo } from '../inventory/inventory.js';
import type { Metadata, TargetRef } from '../resource/model/index.js';
import type { Attachment } from './binding.js';

interface Targeting {
  readonly metadata: Metadata;
  readonly targetRefs: readonly TargetRef[];
}

/**
 * How a policy with targetRefs attaches to a waypoint, for one of its services or, without `service`, for traffic to a
 * workload (reference section 5.2); undefined where it does not.
 */
export function attachmentAtWaypoint(
  inventory: Inventory,
  gateway: GatewayInfo,
  service: ServiceInfo | undefined,
  policy: Targeting,
): Attachment | undefined {
  if (service !== undefined && targetsService(policy, service)) return service.kind === 'Service' ? 'service' : 'service-entry';
  if (targetsGateway(policy, gateway)) return 'gateway';
  return targetsClassOf(inventory, gateway, policy) ? 'gateway-class' : undefined;
}

/** Whether a policy names this service; it has to be in the same namespace. */
export function targetsService({ metadata, targetRefs }: Targeting, { kind, namespace, name }: ServiceInfo): boolean {
  return metadata.namespace === namespace && targetRefs.some((target) => target.kind === kind && target.name === name);
}

/** Whether a policy names this Gateway; it has to be in the same namespace. */
export function targetsGateway({ metadata, targetRefs }: Targeting, { resource }: GatewayInfo): boolean {
  const { namespace, name } = resource.metadata;
  return metadata.namespace === namespace && targetRefs.some((target) => target.kind === 'Gateway' && target.name === name);
}

/**
 * Whether a policy of the root namespace names the waypoint's class. Upstream knows one name only, and takes it for every
 * waypoint; in `strict` the class is the one that the Gateway names.
 */
function targetsClassOf({ mesh, dialect }: Inventory, { resource }: GatewayInfo, { metadata, targetRefs }: Targeting): boolean {
  const className = dialect.name === 'strict' ? resource.gatewayClassName : 'istio-waypoint';
  return (
    metadata.namespace === mesh.rootNamespace &&
    targetRefs.some((target) => target.kind === 'GatewayClass' && target.name === className)
  );
}
