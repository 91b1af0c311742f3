import { resolveHost } from '../../bind/resolve-host.js';
import type { GatewayInfo, Inventory, ServiceInfo, Workload } from '../../inventory/inventory.js';
import { parseIpAddress } from '../../inventory/ip-address.js';
import { findWorkload } from './parse-client.js';
import { type Client, QuestionError, type Target } from './question.js';

/** TARGET as read: where to, and the path and authority that an HTTP client would send. */
export interface ReadTarget {
  readonly target: Target;
  readonly path: string;
  readonly authority: string;
}

const help = 'write a URL, HOST:PORT with a service name or an address, or NAMESPACE/WORKLOAD[:PORT]';
const defaultPorts: Readonly<Record<string, number>> = { http: 80, https: 443 };

/** Reads TARGET: a URL, `HOST[:PORT]`, or `NAMESPACE/WORKLOAD[:PORT]`. Throws `QuestionError`. */
export function parseTarget(inventory: Inventory, text: string, client: Client, via: GatewayInfo | undefined): ReadTarget {
  const parts = splitTarget(text);
  if (parts.workload !== undefined) return readWorkload(inventory, parts.workload, parts.port);
  const address = parseIpAddress(parts.host);
  const host = address ?? parts.host.toLowerCase();
  const found = via === undefined ? lookUp(inventory, host, clientNamespace(client)) : undefined;
  const port = parts.port ?? defaultPorts[parts.scheme ?? ''] ?? onlyPort(text, found, via);
  const scheme = parts.scheme ?? schemeOf(inventory, found, port, via);
  const shown = parts.host.includes(':') ? `[${parts.host}]` : parts.host;
  return {
    target: { scheme: scheme === 'udp' ? 'tcp' : scheme, host, port, protocol: scheme === 'udp' ? 'UDP' : 'TCP' },
    path: parts.path,
    authority: defaultPorts[scheme] === port ? shown : `${shown}:${port}`,
  };
}

/** The namespace whose short names a client can use. */
export function clientNamespace(client: Client): string {
  if (client.kind === 'workload') return client.workload.namespace;
  return client.kind === 'identity' ? client.namespace : 'default';
}

type Scheme = 'http' | 'https' | 'tcp' | 'udp';

interface TargetParts {
  readonly scheme?: Scheme;
  readonly host: string;
  readonly port?: number;
  readonly path: string;
  readonly workload?: string;
}

function splitTarget(text: string): TargetParts {
  const mark = text.indexOf('://');
  if (mark < 0) return splitBare(text);
  const scheme = text.slice(0, mark).toLowerCase();
  if (scheme !== 'http' && scheme !== 'https' && scheme !== 'tcp' && scheme !== 'udp') {
    throw new QuestionError(`\`${text}\` has the scheme \`${scheme}\``, 'use http, https, tcp or udp');
  }
  return { scheme, ...splitAuthority(text.slice(mark + 3), text) };
}

function splitBare(text: string): TargetParts {
  const slash = text.indexOf('/');
  if (slash < 0 || text.slice(0, slash).includes(':')) return splitAuthority(text, text);
  const rest = text.slice(slash + 1);
  const { host, port, path } = splitAuthority(rest, text);
  if (slash === 0 || path !== '/' || host.includes(':')) throw new QuestionError(`\`${text}\` is not a target`, help);
  return { host, path, workload: `${text.slice(0, slash)}/${host}`, ...(port === undefined ? {} : { port }) };
}

function splitAuthority(text: string, whole: string): { host: string; port?: number; path: string } {
  const end = indexOfAny(text, '/?#');
  const authority = text.slice(0, end);
  if (authority.includes('@')) throw new QuestionError(`\`${whole}\` carries credentials`, 'leave the part before `@` out');
  const rest = withoutFragment(text.slice(end));
  const path = rest.startsWith('/') ? rest : `/${rest}`;
  const { host, port } = splitPort(authority, whole);
  if (host === '') throw new QuestionError(`\`${whole}\` names no host`, help);
  return { host, path, ...(port === undefined ? {} : { port: readPort(port, whole) }) };
}

function splitPort(authority: string, whole: string): { host: string; port?: string } {
  if (authority.startsWith('[')) {
    const close = authority.indexOf(']');
    const rest = authority.slice(close + 1);
    if (close < 0 || (rest !== '' && !rest.startsWith(':'))) throw new QuestionError(`\`${whole}\` is not a target`, help);
    return { host: authority.slice(1, close), ...(rest === '' ? {} : { port: rest.slice(1) }) };
  }
  if (parseIpAddress(authority)?.includes(':')) return { host: authority };
  const colon = authority.indexOf(':');
  return colon < 0 ? { host: authority } : { host: authority.slice(0, colon), port: authority.slice(colon + 1) };
}

function readPort(text: string, whole: string): number {
  const port = text !== '' && [...text].every((digit) => digit >= '0' && digit <= '9') ? Number(text) : 0;
  if (port < 1 || port > 65535)
    throw new QuestionError(`\`${text}\` in \`${whole}\` is not a port`, 'a port is a number from 1 to 65535');
  return port;
}

function withoutFragment(text: string): string {
  const hash = text.indexOf('#');
  return hash < 0 ? text : text.slice(0, hash);
}

function indexOfAny(text: string, characters: string): number {
  const index = [...text].findIndex((character) => characters.includes(character));
  return index < 0 ? text.length : index;
}

function readWorkload(inventory: Inventory, key: string, port: number | undefined): ReadTarget {
  const workload = findWorkload(inventory, key);
  const chosen = port ?? workload.ports[0];
  if (chosen === undefined) throw new QuestionError(`workload \`${key}\` declares no port`, `name one: \`${key}:8080\``);
  const scheme = protocolOf(inventory, workload, chosen);
  const host = workload.address;
  const shown = host.includes(':') ? `[${host}]` : host;
  return {
    target: { scheme, host, port: chosen, workload, protocol: 'TCP' },
    path: '/',
    authority: scheme === 'http' && chosen === 80 ? shown : `${shown}:${chosen}`,
  };
}

function protocolOf(inventory: Inventory, workload: Workload, port: number): 'http' | 'tcp' {
  for (const service of inventory.services.values()) {
    for (const { protocol, endpoints } of service.ports) {
      if (endpoints.some((endpoint) => endpoint.workload.key === workload.key && endpoint.port === port)) return protocol;
    }
  }
  return 'http';
}

function lookUp(inventory: Inventory, host: string, namespace: string): ServiceInfo | Workload | undefined {
  return inventory.serviceByAddress.get(host) ?? inventory.workloadByAddress.get(host) ?? resolveHost(inventory, host, namespace);
}

function onlyPort(text: string, found: ServiceInfo | Workload | undefined, via: GatewayInfo | undefined): number {
  if (via !== undefined && via.resource.listeners[0] !== undefined) return via.resource.listeners[0].port;
  const ports = found === undefined ? [] : 'hostname' in found ? found.ports.map((port) => port.port) : found.ports;
  const [port] = ports;
  if (port === undefined || ports.length > 1) {
    const known = ports.length > 1 ? `its ports: ${ports.join(', ')}` : help;
    throw new QuestionError(`\`${text}\` names no port`, known);
  }
  return port;
}

function schemeOf(
  inventory: Inventory,
  found: ServiceInfo | Workload | undefined,
  port: number,
  via: GatewayInfo | undefined,
): Scheme {
  if (via !== undefined) {
    const protocol = via.resource.listeners.find((listener) => listener.port === port)?.protocol;
    return protocol === 'HTTPS' || protocol === 'TLS' ? 'https' : protocol === 'TCP' ? 'tcp' : 'http';
  }
  if (found === undefined) return 'tcp';
  if (!('hostname' in found)) return protocolOf(inventory, found, port);
  return found.ports.find((candidate) => candidate.port === port)?.protocol ?? 'tcp';
}
