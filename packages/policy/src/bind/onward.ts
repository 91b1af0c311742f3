import type { Endpoint, Inventory, ServiceInfo, ServicePortInfo, Workload } from '../inventory/inventory.js';
import { ownValue } from '../inventory/labels.js';
import { isGlobal, networkGateway } from '../inventory/networks.js';
import { isOwnPort } from './illegal-target.js';
import type { SingleRoute } from './route.js';

/**
 * The last hop: to the endpoints of a service port that are ready and can be reached, in other networks through their east-west gateways. Those with a ztunnel are reached over HBONE; others only where
 * none has one, so that a half-enrolled service is served by the half that policy protects.
 */
export function toEndpoints(
  inventory: Inventory,
  from: Workload,
  service: ServiceInfo,
  servicePort: ServicePortInfo,
  dialled: string,
): SingleRoute {
  const { port, endpoints } = servicePort;
  const ready = endpoints.filter(({ workload }) => workload.ready && isReachable(inventory, from, service, workload));
  const usable = ready.filter((endpoint) => !isOwnPort(endpoint.port));
  if (usable.length > 0) return overHbone(usable, service, servicePort);
  if (ready.length > 0) return refused('illegal-target', `${nameOf(service)} leads to a port that belongs to ztunnel`, service);
  return (
    toExternal(service, port, dialled) ??
    refused('no-endpoints', `${nameOf(service)} has no ready endpoint for port ${port}`, service)
  );
}

/** Other networks are entered through their gateways, over HBONE inside HBONE, on behalf of global services (reference section 7.7). */
function isReachable(inventory: Inventory, from: Workload, service: ServiceInfo, to: Workload): boolean {
  if (from.network === to.network) return true;
  const speaksHbone = (from.capture === 'captured' || from.kind === 'Gateway') && to.capture === 'captured';
  return speaksHbone && isGlobal(service) && networkGateway(inventory, to.network) !== undefined;
}

/** HBONE to what has a ztunnel, else plain TCP. */
export function overHbone(endpoints: readonly Endpoint[], service?: ServiceInfo, servicePort?: ServicePortInfo): SingleRoute {
  const captured = endpoints.filter(({ workload }) => workload.capture === 'captured');
  const named = service === undefined ? {} : { service };
  if (captured.length === 0) return { kind: 'plaintext', endpoints, ...named };
  return { kind: 'hbone', endpoints: captured, ...named, ...(servicePort === undefined ? {} : { servicePort }) };
}

/** A wildcard host stands for the name that was dialled. */
function toExternal(service: ServiceInfo, port: number, dialled: string): SingleRoute | undefined {
  for (const { address, ports } of service.externalEndpoints) {
    const target = ownValue(ports, port);
    if (target !== undefined)
      return { kind: 'passthrough', host: address.startsWith('*') ? dialled : address, port: target, service };
  }
  return undefined;
}

type Refusal = Extract<SingleRoute, { kind: 'refused' }>;

/** No connection, for a reason that people can read. */
export function refused(reason: Refusal['reason'], detail: string, service?: ServiceInfo): Refusal {
  return { kind: 'refused', reason, detail, ...(service === undefined ? {} : { service }) };
}

/** `Service NAMESPACE/NAME`, for messages. */
export function nameOf({ kind, namespace, name }: ServiceInfo): string {
  return `${kind} \`${namespace}/${name}\``;
}
