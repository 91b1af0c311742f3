import type { EndpointSlice, Service, ServicePort } from '../resource/model/index.js';
import type { Endpoint, ServiceInfo, ServicePortInfo } from './inventory.js';
import { parseIpAddress } from './ip-address.js';
import { ownValue } from './labels.js';
import {
  endpointOn,
  externalPorts,
  type GrowingWorkload,
  type ServiceContext,
  targetPortOn,
  visibilityOf,
} from './service-builder.js';
import { servicePortProtocol } from './service-protocol.js';

/** A Kubernetes Service with its endpoints. `written` are the EndpointSlices that name it; a selector makes them redundant. */
export function buildService(service: Service, written: readonly EndpointSlice[], context: ServiceContext): ServiceInfo {
  const { name, namespace, labels, annotations } = service.metadata;
  const key = `Service/${namespace}/${name}`;
  const tcpPorts = service.ports.filter((port) => port.protocol === 'TCP');
  const slices = service.type === 'ExternalName' ? [] : written;
  const workloads = workloadsBehind(service, slices, context);
  return {
    key,
    kind: 'Service',
    namespace,
    name,
    hostname: `${name}.${namespace}.svc.cluster.local`,
    labels,
    annotations,
    addresses: virtualAddresses(service, key, context),
    visibility: visibilityOf((ownValue(annotations, 'networking.istio.io/exportTo') ?? '').split(','), namespace),
    ports: tcpPorts.map(
      (port): ServicePortInfo => ({
        ...(port.name === undefined ? {} : { name: port.name }),
        port: port.port,
        ...servicePortProtocol(port),
        endpoints: hasSelector(service)
          ? workloads.flatMap((workload) => selectedEndpoint(workload, port))
          : slices.flatMap((slice) => sliceEndpoints(slice, port, context)),
      }),
    ),
    workloads,
    ...(service.type === 'ExternalName' ? { externalName: service.externalName ?? '' } : {}),
    externalEndpoints: externalEndpoints(service, slices, context),
    span: service.span,
  };
}

/** Whether endpoints come from the selector; an empty selector selects nothing. */
export function hasSelector(service: Service): boolean {
  return service.type !== 'ExternalName' && Object.keys(service.selector ?? {}).length > 0;
}

function virtualAddresses(service: Service, key: string, { addresses }: ServiceContext): readonly string[] {
  if (service.type === 'ExternalName' || service.clusterIPs.includes('None')) return [];
  const declared = service.clusterIPs.flatMap((address) => parseIpAddress(address) ?? []);
  return declared.length > 0 ? declared : [addresses.derive('service', key)];
}

function workloadsBehind(
  service: Service,
  slices: readonly EndpointSlice[],
  context: ServiceContext,
): readonly GrowingWorkload[] {
  if (hasSelector(service)) return context.workloads.select(service.metadata.namespace, service.selector ?? {});
  return [
    ...new Set(slices.flatMap((slice) => slice.endpoints.flatMap((endpoint) => workloadOf(endpoint, slice, context) ?? []))),
  ];
}

function selectedEndpoint(workload: GrowingWorkload, port: ServicePort): Endpoint[] {
  const byEntry =
    workload.kind === 'WorkloadEntry' && port.name !== undefined ? ownValue(workload.portsByName, port.name) : undefined;
  const target = byEntry ?? targetPortOn(workload, port.targetPort);
  return target === undefined ? [] : [endpointOn(workload, target)];
}

function sliceEndpoints(slice: EndpointSlice, port: ServicePort, context: ServiceContext): Endpoint[] {
  const target = slicePort(slice, port);
  if (target === undefined) return [];
  return slice.endpoints
    .filter((endpoint) => endpoint.ready)
    .flatMap((endpoint) => workloadOf(endpoint, slice, context) ?? [])
    .map((workload) => endpointOn(workload, target));
}

function slicePort(slice: EndpointSlice, port: ServicePort): number | undefined {
  return slice.ports.find((candidate) => (candidate.name ?? '') === (port.name ?? ''))?.port;
}

function workloadOf(
  { addresses, target }: EndpointSlice['endpoints'][number],
  slice: EndpointSlice,
  { workloadByKey, workloadByAddress }: ServiceContext,
): GrowingWorkload | undefined {
  const named =
    target?.kind === 'Pod' ? workloadByKey.get(`${target.namespace ?? slice.metadata.namespace}/${target.name}`) : undefined;
  return (
    named ?? addresses.map((address) => workloadByAddress.get(parseIpAddress(address) ?? '')).find((found) => found !== undefined)
  );
}

function externalEndpoints(
  service: Service,
  slices: readonly EndpointSlice[],
  context: ServiceContext,
): ServiceInfo['externalEndpoints'] {
  if (service.type === 'ExternalName') {
    const address = service.externalName;
    return address === undefined ? [] : [{ address, ports: externalPorts(service.ports, (port) => port) }];
  }
  if (hasSelector(service)) return [];
  return slices.flatMap((slice) =>
    slice.endpoints
      .filter((endpoint) => endpoint.ready && workloadOf(endpoint, slice, context) === undefined)
      .flatMap(({ addresses: [address] }) => (address === undefined ? [] : [{ address, ports: slicePorts(slice, service) }])),
  );
}

function slicePorts(slice: EndpointSlice, service: Service): Readonly<Record<number, number>> {
  return Object.fromEntries(
    service.ports.flatMap((port) => {
      const target = slicePort(slice, port);
      return target === undefined ? [] : [[port.port, target]];
    }),
  );
}
