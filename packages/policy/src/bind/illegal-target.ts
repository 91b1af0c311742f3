import type { Inventory, Workload } from '../inventory/inventory.js';
import { parseIpAddress } from '../inventory/ip-address.js';

/** ztunnel's own ports: outbound, plaintext inbound, HBONE inbound, SOCKS5 (reference section 7.1). */
const ownPorts: ReadonlySet<number> = new Set([15001, 15006, 15008, 15080]);

/** Whether a connection to this port would be a gate calling itself. */
export function isOwnPort(port: number): boolean {
  return ownPorts.has(port);
}

/** Whether a workload is a gate that only other gates connect to: any but an ingress gateway, which faces clients, and a waypoint behind its own ztunnel. */
export function isInnerGate({ gateways }: Inventory, { gateway, applicationTunnel }: Workload): boolean {
  return gateway !== undefined && applicationTunnel === undefined && gateways.get(gateway)?.role !== 'ingress';
}

/** Why no passthrough dials an address: loopback, link-local, multicast and unspecified ones belong to this machine, not to the outside. */
export function forbiddenPassthrough(host: string): string | undefined {
  if (host === 'localhost' || host.endsWith('.localhost')) return 'a name of this machine';
  const address = parseIpAddress(host);
  if (address === undefined) return undefined;
  return address.includes(':') ? forbiddenIpv6(address) : forbiddenIpv4(address);
}

function forbiddenIpv4(address: string): string | undefined {
  const [first = 0, second = 0] = address.split('.').map(Number);
  if (first === 127) return 'a loopback address';
  if (first === 0) return 'an unspecified address';
  if (first === 169 && second === 254) return 'a link-local address';
  return first >= 224 && first < 240 ? 'a multicast address' : address === '255.255.255.255' ? 'a broadcast address' : undefined;
}

function forbiddenIpv6(address: string): string | undefined {
  if (address === '::1') return 'a loopback address';
  if (address === '::') return 'an unspecified address';
  const first = Number.parseInt(address.split(':')[0] || '0', 16);
  if ((first & 0xffc0) === 0xfe80) return 'a link-local address';
  return (first & 0xff00) === 0xff00 ? 'a multicast address' : undefined;
}
