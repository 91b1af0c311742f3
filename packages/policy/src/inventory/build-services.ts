import type { Reporter } from '../diagnostic/reporter.js';
import type { EndpointSlice, Gateway, ResourceSet, Service } from '../resource/model/index.js';
import type { BuiltWorkloads } from './build-workloads.js';
import { type GatewayRoles, gatewayKey } from './gateway-roles.js';
import { serviceOfGateway } from './gateway-service.js';
import type { ServiceInfo } from './inventory.js';
import { parseIpAddress } from './ip-address.js';
import { buildService, hasSelector } from './kubernetes-service.js';
import { append } from './labels.js';
import type { PolicyAddresses } from './policy-addresses.js';
import { selectResources } from './select-resources.js';
import type { ServiceContext } from './service-builder.js';
import { buildServiceEntry } from './service-entry.js';

interface Context extends BuiltWorkloads {
  readonly gatewayResources: readonly Gateway[];
  readonly gatewayRoles: GatewayRoles;
  readonly addresses: PolicyAddresses;
  readonly reporter: Reporter;
}

/** All services with their index by virtual IP. */
export interface BuiltServices {
  readonly services: ReadonlyMap<string, ServiceInfo>;
  readonly serviceByAddress: ReadonlyMap<string, ServiceInfo>;
}

/** Keeps the virtual IPs that manifests declare from being given to anything else. */
export function declareServiceAddresses(set: ResourceSet, addresses: PolicyAddresses): void {
  const written = [
    ...selectResources(set, 'Service').flatMap((service) => service.clusterIPs),
    ...selectResources(set, 'ServiceEntry').flatMap((entry) => entry.addresses),
    ...selectResources(set, 'Gateway').flatMap((gateway) => (gateway.statusAddresses ?? []).map(({ value }) => value)),
  ];
  for (const address of written.flatMap((text) => parseIpAddress(text) ?? [])) addresses.declare(address);
}

/** Every Service, every host of a ServiceEntry and the Services of ingress gateways, with ports, endpoints and virtual IPs. */
export function buildServices(set: ResourceSet, context: Context): BuiltServices {
  const slices = slicesByService(selectResources(set, 'EndpointSlice'));
  const serviceContext: ServiceContext = context;
  const built = [
    ...selectResources(set, 'Service').map((service) => {
      const info = buildService(
        service,
        slices.get(`${service.metadata.namespace}/${service.metadata.name}`) ?? [],
        serviceContext,
      );
      reportUnresolvedPorts(service, info, context);
      return info;
    }),
    ...selectResources(set, 'ServiceEntry').flatMap((entry) => buildServiceEntry(entry, serviceContext)),
  ];
  const services = new Map<string, ServiceInfo>();
  for (const service of [...built, ...gatewayServices(built, context)])
    if (!services.has(service.key)) services.set(service.key, service);
  return { services, serviceByAddress: indexAddresses(services, context) };
}

/** An ingress gateway that no Service of the input leads to gets the one that its controller would make. */
function gatewayServices(
  built: readonly ServiceInfo[],
  { gatewayResources, gatewayRoles, gates, addresses }: Context,
): ServiceInfo[] {
  const served = new Set(built.flatMap((service) => service.workloads.map(({ gateway }) => gateway)));
  return gatewayResources
    .filter((gateway) => gatewayRoles.roleOf(gateway) === 'ingress' && !served.has(gatewayKey(gateway)))
    .map((gateway) => serviceOfGateway(gateway, gates.get(gatewayKey(gateway)) ?? [], addresses));
}

function slicesByService(slices: readonly EndpointSlice[]): ReadonlyMap<string, readonly EndpointSlice[]> {
  const groups = new Map<string, EndpointSlice[]>();
  for (const slice of slices) {
    if (slice.serviceName !== undefined) append(groups, `${slice.metadata.namespace}/${slice.serviceName}`, slice);
  }
  return groups;
}

/** A named `targetPort` that no selected workload declares leads nowhere. */
function reportUnresolvedPorts(service: Service, info: ServiceInfo, { workloads, reporter }: Context): void {
  if (!hasSelector(service)) return;
  for (const port of service.ports) {
    if (typeof port.targetPort !== 'string' || port.protocol !== 'TCP') continue;
    if (info.ports.find((candidate) => candidate.port === port.port)?.endpoints.length !== 0) continue;
    if (workloads.select(service.metadata.namespace, service.selector ?? {}).length === 0) continue;
    reporter.report(
      'unresolved-target-port',
      service.metadata.nameSpan,
      `no workload that service \`${service.metadata.name}\` selects has a port named \`${port.targetPort}\``,
      { hint: 'name a container port so, or write the number as `targetPort`' },
    );
  }
}

function indexAddresses(
  services: ReadonlyMap<string, ServiceInfo>,
  { reporter, workloadByAddress }: Context,
): ReadonlyMap<string, ServiceInfo> {
  const byAddress = new Map<string, ServiceInfo>();
  for (const service of services.values()) {
    for (const address of service.addresses) {
      const owner = byAddress.get(address) ?? workloadByAddress.get(address);
      if (owner === undefined) byAddress.set(address, service);
      else if (owner.name !== service.name || owner.namespace !== service.namespace) {
        reporter.report(
          'duplicate-address',
          service.span,
          `address \`${address}\` belongs to \`${owner.namespace}/${owner.name}\` as well`,
          {
            hint: 'give each service an address of its own: this address leads to the first only',
            related: [{ message: 'the other one', span: owner.span }],
          },
        );
      }
    }
  }
  return byAddress;
}
