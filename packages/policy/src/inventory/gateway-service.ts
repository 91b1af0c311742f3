import type { Gateway } from '../resource/model/index.js';
import type { ServiceInfo, Workload } from './inventory.js';
import type { PolicyAddresses } from './policy-addresses.js';

/**
 * The Service that the controller of an ingress gateway would make, so that workloads of the mesh can call the gateway by name:
 * NAME-CLASS, with the ports of its listeners.
 */
export function serviceOfGateway(gateway: Gateway, gates: readonly Workload[], addresses: PolicyAddresses): ServiceInfo {
  const { namespace, name } = gateway.metadata;
  const serviceName = `${name}-${gateway.gatewayClassName}`;
  const key = `Service/${namespace}/${serviceName}`;
  const ports = [...new Map(gateway.listeners.map((listener) => [listener.port, listener])).values()];
  return {
    key,
    kind: 'Service',
    namespace,
    name: serviceName,
    hostname: `${serviceName}.${namespace}.svc.cluster.local`,
    labels: gates[0]?.labels ?? {},
    annotations: {},
    addresses: [addresses.derive('service', key)],
    ports: ports.map((listener) => ({
      name: listener.name,
      port: listener.port,
      protocol: listener.protocol === 'HTTP' ? 'http' : 'tcp',
      endpoints: gates.map((workload) => ({ workload, port: listener.port })),
    })),
    workloads: gates,
    visibility: 'public',
    externalEndpoints: [],
    span: gateway.span,
  };
}
