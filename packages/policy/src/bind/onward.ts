import type { Endpoint, ServiceInfo, ServicePortInfo } from '../inventory/inventory.js';
import { ownValue } from '../inventory/labels.js';
import { isOwnPort } from './illegal-target.js';
import type { OutboundRoute } from './route.js';

/**
 * The last hop: to the endpoints of a service port that are ready. Those with a ztunnel are reached over HBONE; others only where
 * none has one, so that a half-enrolled service is served by the half that policy protects.
 */
export function toEndpoints(service: ServiceInfo, { port, endpoints }: ServicePortInfo, dialled: string): OutboundRoute {
  const ready = endpoints.filter(({ workload }) => workload.ready);
  const usable = ready.filter((endpoint) => !isOwnPort(endpoint.port));
  if (usable.length > 0) return overHbone(usable, service);
  if (ready.length > 0) return refused('illegal-target', `${nameOf(service)} leads to a port that belongs to ztunnel`, service);
  return (
    toExternal(service, port, dialled) ??
    refused('no-endpoints', `${nameOf(service)} has no ready endpoint for port ${port}`, service)
  );
}

/** HBONE to what has a ztunnel, else plain TCP. */
export function overHbone(endpoints: readonly Endpoint[], service?: ServiceInfo): OutboundRoute {
  const captured = endpoints.filter(({ workload }) => workload.capture === 'captured');
  const named = service === undefined ? {} : { service };
  return captured.length > 0 ? { kind: 'hbone', endpoints: captured, ...named } : { kind: 'plaintext', endpoints, ...named };
}

/** A wildcard host stands for the name that was dialled. */
function toExternal(service: ServiceInfo, port: number, dialled: string): OutboundRoute | undefined {
  for (const { address, ports } of service.externalEndpoints) {
    const target = ownValue(ports, port);
    if (target !== undefined)
      return { kind: 'passthrough', host: address.startsWith('*') ? dialled : address, port: target, service };
  }
  return undefined;
}

type Refusal = Extract<OutboundRoute, { kind: 'refused' }>;

/** No connection, for a reason that people can read. */
export function refused(reason: Refusal['reason'], detail: string, service?: ServiceInfo): Refusal {
  return { kind: 'refused', reason, detail, ...(service === undefined ? {} : { service }) };
}

/** `Service NAMESPACE/NAME`, for messages. */
export function nameOf({ kind, namespace, name }: ServiceInfo): string {
  return `${kind} \`${namespace}/${name}\``;
}
