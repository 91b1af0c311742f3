import type { ApplicationTunnel, GatewayInfo, Inventory, ServiceInfo, Workload } from '../inventory/inventory.js';
import { parseIpAddress } from '../inventory/ip-address.js';
import { authorityOf } from './authority.js';
import { isOwnPort } from './illegal-target.js';
import { isWaypointOf } from './resolve-canary.js';
import { serviceByHostname } from './resolve-host.js';
import { resolveWorkloadWaypoint } from './resolve-waypoint.js';
import type { InboundTarget } from './route.js';

type RefusedTarget = Extract<InboundTarget, { readonly kind: 'refused' }>;

interface Authority {
  readonly host: string;
  /** Canonical, where the host is an address. */
  readonly address?: string;
  readonly port: number;
}

/**
 * What the ztunnel of a workload makes of a CONNECT authority (reference section 7.5, steps 2 to 5): its own address, or the
 * name of a service that it is behind.
 */
export function acceptAtZtunnel(inventory: Inventory, workload: Workload, authority: string): InboundTarget {
  const parsed = parseAuthority(authority);
  if (parsed === undefined) return badAuthority(authority);
  if (workload.applicationTunnel !== undefined)
    return intoTunnel(workload, workload.applicationTunnel, targetOfTunnel(inventory, workload, parsed));
  if (parsed.address === undefined) return acceptHostname(inventory, workload, parsed);
  if (!workload.addresses.includes(parsed.address)) return refuse(400, `ip mismatch: ${parsed.address} != ${workload.address}`);
  return acceptPort(workload, parsed.port);
}

/** What a client wants of a waypoint behind its own ztunnel: address and port, and the port of the pod where the waypoint has none of its own. */
interface TunnelTarget {
  readonly kind: 'target';
  readonly address: string;
  readonly port: number;
  readonly ownPort: number;
}

/**
 * Upstream leaves it to the waypoint what to make of any address, and of the name of any service; in `strict` it is asked for what goes through it, or
 * for itself (section 7.5, step 4).
 */
function targetOfTunnel(
  inventory: Inventory,
  workload: Workload,
  { host, address, port }: Authority,
): InboundTarget | TunnelTarget {
  if (address !== undefined && workload.addresses.includes(address)) return { kind: 'target', address, port, ownPort: port };
  const gateway = inventory.gateways.get(workload.gateway ?? '');
  if (inventory.dialect.name === 'strict') {
    if (gateway === undefined) return refuse(503, `${workload.key} serves no waypoint`);
    const target = acceptAtWaypoint(inventory, gateway, authorityOf(address ?? host, port));
    if (target.kind === 'refused') return target;
    return { kind: 'target', address: target.kind === 'service' ? target.address : target.workload.address, port, ownPort: port };
  }
  if (address !== undefined) return { kind: 'target', address, port, ownPort: port };
  const service = serviceByHostname(inventory, host, workload.namespace);
  const [endpoint] = service?.ports.find((candidate) => candidate.port === port)?.endpoints ?? [];
  const virtual = service?.addresses.find((candidate) => !candidate.includes(':')) ?? service?.addresses[0];
  if (virtual === undefined || endpoint === undefined) return refuse(503, `no service is called ${host}:${port}`);
  return { kind: 'target', address: virtual, port, ownPort: endpoint.port };
}

function intoTunnel(workload: Workload, tunnel: ApplicationTunnel, target: InboundTarget | TunnelTarget): InboundTarget {
  if (target.kind !== 'target') return target;
  const accepted = acceptPort(workload, target.ownPort);
  if (accepted.kind !== 'workload') return accepted;
  const proxied = tunnel.protocol === 'PROXY' ? { proxied: { address: target.address, port: target.port } } : {};
  return { ...accepted, port: tunnel.port ?? accepted.port, ...proxied };
}

function acceptHostname(inventory: Inventory, workload: Workload, { host, port }: Authority): InboundTarget {
  const service = serviceByHostname(inventory, host, workload.namespace);
  if (service === undefined) return refuse(503, `no service is called ${host}`);
  const servicePort = service.ports.find((candidate) => candidate.port === port);
  const endpoint = servicePort?.endpoints.find((candidate) => candidate.workload.key === workload.key);
  if (endpoint === undefined) return refuse(503, `${workload.key} does not serve ${host}:${port}`);
  const accepted = acceptPort(workload, endpoint.port);
  return accepted.kind === 'workload' ? { ...accepted, service } : accepted;
}

function acceptPort(workload: Workload, port: number): InboundTarget {
  return isOwnPort(port) ? refuse(503, `port ${port} belongs to ztunnel`) : { kind: 'workload', workload, port };
}

/**
 * What a waypoint makes of a CONNECT authority: a service or a workload whose traffic goes through this very waypoint, and
 * nothing else.
 */
export function acceptAtWaypoint(inventory: Inventory, gateway: GatewayInfo, authority: string): InboundTarget {
  const parsed = parseAuthority(authority);
  if (parsed === undefined) return badAuthority(authority);
  const service = serviceOf(inventory, gateway, parsed);
  if (service !== undefined) return acceptService(inventory, gateway, service, parsed);
  const workload = parsed.address === undefined ? undefined : inventory.workloadByAddress.get(parsed.address);
  if (workload === undefined || !isWaypointOfWorkload(inventory, gateway, workload)) return notServed(gateway, authority);
  return acceptPort(workload, parsed.port);
}

function serviceOf(inventory: Inventory, gateway: GatewayInfo, { host, address }: Authority): ServiceInfo | undefined {
  if (address !== undefined) return inventory.serviceByAddress.get(address);
  return serviceByHostname(inventory, host, gateway.resource.metadata.namespace);
}

function acceptService(
  inventory: Inventory,
  gateway: GatewayInfo,
  service: ServiceInfo,
  { host, address, port }: Authority,
): InboundTarget {
  if (!isWaypointOf(inventory, gateway, service)) return notServed(gateway, `${host}:${port}`);
  const virtual = address ?? service.addresses[0];
  if (virtual === undefined) return notServed(gateway, `${host}:${port}`);
  const servicePort = service.ports.find((candidate) => candidate.port === port);
  if (servicePort === undefined) return refuse(503, `${service.hostname} has no port ${port}`);
  return { kind: 'service', service, servicePort, address: virtual };
}

function isWaypointOfWorkload(inventory: Inventory, gateway: GatewayInfo, workload: Workload): boolean {
  const resolution = resolveWorkloadWaypoint(inventory, workload);
  return resolution.kind === 'bound' && resolution.gateway.key === gateway.key;
}

function notServed({ key }: GatewayInfo, authority: string): InboundTarget {
  return refuse(400, `${authority} does not go through waypoint ${key}`);
}

/** For what cannot be read. */
export function badAuthority(authority: string): RefusedTarget {
  return refuse(400, `invalid authority ${JSON.stringify(authority.slice(0, 256))}`);
}

/** No tunnel, with this status. */
export function refuse(status: 400 | 503, detail: string): RefusedTarget {
  return { kind: 'refused', status, detail };
}

/** `ADDRESS:PORT`, `[ADDRESS]:PORT` or `NAME:PORT`; undefined for anything else. */
export function parseAuthority(text: string): Authority | undefined {
  const colon = text.lastIndexOf(':');
  const port = parsePort(text.slice(colon + 1));
  if (colon <= 0 || port === undefined) return undefined;
  const written = text.slice(0, colon);
  if (written.startsWith('[') && written.endsWith(']')) {
    const address = written.includes(':') ? parseIpAddress(written.slice(1, -1)) : undefined;
    return address === undefined ? undefined : { host: address, address, port };
  }
  const address = parseIpAddress(written);
  // An IPv6 address without brackets leaves open where it ends.
  if (address !== undefined) return written.includes(':') ? undefined : { host: address, address, port };
  return isHostname(written) ? { host: written.toLowerCase(), port } : undefined;
}

function parsePort(text: string): number | undefined {
  if (text.length === 0 || text.length > 5 || ![...text].every((digit) => digit >= '0' && digit <= '9')) return undefined;
  const port = Number(text);
  return port >= 1 && port <= 65535 ? port : undefined;
}

const hostCharacters: ReadonlySet<string> = new Set('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._');

function isHostname(text: string): boolean {
  return text.length <= 253 && [...text].every((character) => hostCharacters.has(character));
}
