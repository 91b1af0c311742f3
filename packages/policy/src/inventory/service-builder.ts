import type { Endpoint, ServiceInfo, ServicePortInfo, Workload } from './inventory.js';
import { type LabelIndex, ownValue } from './labels.js';
import type { PolicyAddresses } from './policy-addresses.js';

/** A workload while the inventory is being built: services add their target ports. */
export type GrowingWorkload = Omit<Workload, 'ports'> & { readonly ports: number[] };

/** What services are built from, besides their own manifests. */
export interface ServiceContext {
  /** Pods and WorkloadEntries, for selectors. */
  readonly workloads: LabelIndex<GrowingWorkload>;
  readonly workloadByKey: ReadonlyMap<string, GrowingWorkload>;
  readonly workloadByAddress: ReadonlyMap<string, GrowingWorkload>;
  readonly addresses: PolicyAddresses;
}

/** One endpoint, and its port remembered among those of the workload. */
export function endpointOn(workload: GrowingWorkload, port: number): Endpoint {
  if (!workload.ports.includes(port)) workload.ports.push(port);
  return { workload, port };
}

/** The workload's own port for a `targetPort`, by number or by the name that the workload gives it. */
export function targetPortOn(workload: GrowingWorkload, targetPort: number | string): number | undefined {
  return typeof targetPort === 'number' ? targetPort : ownValue(workload.portsByName, targetPort);
}

/** Who may use a service, of what `exportTo` says; nothing said means everyone. */
export function visibilityOf(exportTo: readonly string[], namespace: string): ServiceInfo['visibility'] {
  const scopes = exportTo.map((scope) => scope.trim()).filter((scope) => scope !== '');
  if (scopes.length === 0 || scopes.includes('*')) return 'public';
  if (scopes.every((scope) => scope === '~')) return 'none';
  return scopes.every((scope) => scope === '.' || scope === '~' || scope === namespace) ? 'namespace' : 'public';
}

/** The ports of an external endpoint: service port to port. */
export function externalPorts(
  ports: readonly Pick<ServicePortInfo, 'port'>[],
  portOf: (port: number) => number,
): Readonly<Record<number, number>> {
  return Object.fromEntries(ports.map(({ port }) => [port, portOf(port)]));
}
