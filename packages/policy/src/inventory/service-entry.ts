import type { ServiceEntry } from '../resource/model/index.js';
import type { Endpoint, ServiceInfo, ServicePortInfo } from './inventory.js';
import { parseIpAddress } from './ip-address.js';
import { ownValue } from './labels.js';
import { endpointOn, externalPorts, type GrowingWorkload, type ServiceContext, visibilityOf } from './service-builder.js';
import { serviceEntryProtocol } from './service-protocol.js';

type Port = ServiceEntry['ports'][number];
type InlineEndpoint = ServiceEntry['endpoints'][number];

/** The services of a ServiceEntry, one for each of its hosts. */
export function buildServiceEntry(entry: ServiceEntry, context: ServiceContext): ServiceInfo[] {
  const hosts = [...new Set(entry.hosts.map((host) => host.toLowerCase()))];
  return hosts.map((host) => buildHost(entry, host, context));
}

function buildHost(entry: ServiceEntry, host: string, context: ServiceContext): ServiceInfo {
  const { name, namespace, labels, annotations } = entry.metadata;
  const key = `ServiceEntry/${namespace}/${name}/${host}`;
  const tcpPorts = entry.ports.filter((port) => port.protocol.toLowerCase() !== 'udp');
  return {
    key,
    kind: 'ServiceEntry',
    namespace,
    name,
    hostname: host,
    labels,
    annotations,
    addresses: virtualAddresses(entry, host, key, context),
    visibility: visibilityOf(entry.exportTo, namespace),
    ...(entry.subjectAltNames.length === 0 ? {} : { subjectAltNames: entry.subjectAltNames }),
    ports: tcpPorts.map(
      (port): ServicePortInfo => ({
        name: port.name,
        port: port.number,
        ...serviceEntryProtocol(port.protocol),
        endpoints: endpointsOf(entry, port, context),
      }),
    ),
    workloads: workloadsBehind(entry, context),
    externalEndpoints: externalEndpoints(entry, host, context),
    span: entry.span,
  };
}

/** Declared addresses belong to every host of an entry; an address as such leads to the first. */
function virtualAddresses(entry: ServiceEntry, host: string, key: string, context: ServiceContext): readonly string[] {
  const declared = entry.addresses.flatMap((address) => parseIpAddress(address) ?? []);
  if (declared.length > 0) return declared;
  if (host.startsWith('*') || entry.resolution === 'NONE') return [];
  return [context.addresses.derive('serviceEntry', key)];
}

function workloadsBehind(entry: ServiceEntry, context: ServiceContext): readonly GrowingWorkload[] {
  if (entry.workloadSelector !== undefined) return context.workloads.select(entry.metadata.namespace, entry.workloadSelector);
  return [...new Set(entry.endpoints.flatMap((endpoint) => workloadAt(endpoint, context) ?? []))];
}

function endpointsOf(entry: ServiceEntry, port: Port, context: ServiceContext): readonly Endpoint[] {
  if (entry.workloadSelector !== undefined) {
    return workloadsBehind(entry, context).map((workload) => endpointOn(workload, portOn(workload, port)));
  }
  return entry.endpoints.flatMap((endpoint) => {
    const workload = workloadAt(endpoint, context);
    return workload === undefined ? [] : [endpointOn(workload, inlinePort(endpoint, port))];
  });
}

function portOn(workload: GrowingWorkload, port: Port): number {
  const byEntry = workload.kind === 'WorkloadEntry' ? ownValue(workload.portsByName, port.name) : undefined;
  return byEntry ?? port.targetPort ?? port.number;
}

function inlinePort(endpoint: InlineEndpoint, port: Port): number {
  return ownValue(endpoint.ports, port.name) ?? port.targetPort ?? port.number;
}

function workloadAt(endpoint: InlineEndpoint, { workloadByAddress }: ServiceContext): GrowingWorkload | undefined {
  const address = parseIpAddress(endpoint.address);
  return address === undefined ? undefined : workloadByAddress.get(address);
}

function externalEndpoints(entry: ServiceEntry, host: string, context: ServiceContext): ServiceInfo['externalEndpoints'] {
  if (entry.workloadSelector !== undefined) return [];
  if (entry.endpoints.length === 0) {
    if (entry.resolution === 'STATIC') return [];
    return [{ address: host, ports: externalPorts(portNumbers(entry), (port) => targetOf(entry, port)) }];
  }
  return entry.endpoints
    .filter((endpoint) => workloadAt(endpoint, context) === undefined)
    .map((endpoint) => ({
      address: endpoint.address,
      ports: Object.fromEntries(entry.ports.map((port) => [port.number, inlinePort(endpoint, port)])),
    }));
}

function portNumbers(entry: ServiceEntry): { port: number }[] {
  return entry.ports.map((port) => ({ port: port.number }));
}

function targetOf(entry: ServiceEntry, port: number): number {
  return entry.ports.find((candidate) => candidate.number === port)?.targetPort ?? port;
}
