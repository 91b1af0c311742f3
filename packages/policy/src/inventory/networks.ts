import type { GatewayInfo, Inventory, ServiceInfo, Workload } from './inventory.js';
import { type Labels, ownValue } from './labels.js';

/** The network that labels name: of a pod, of a Gateway, or of the root namespace for all that says nothing itself. */
export function networkLabel(labels: Labels): string | undefined {
  return ownValue(labels, 'topology.istio.io/network');
}

/** The network of what names none. */
export function homeNetwork(inventory: Pick<Inventory, 'namespaceLabels' | 'mesh'>): string {
  return networkLabel(inventory.namespaceLabels(inventory.mesh.rootNamespace)) ?? '';
}

/** Whether a service is offered to other networks than its endpoints' own (reference section 7.7). */
export function isGlobal({ labels }: ServiceInfo): boolean {
  return ownValue(labels, 'istio.io/global') === 'true';
}

/** The east-west gateway by which a network is entered: the first by name that is ready and takes HBONE. */
export function networkGateway({ gateways }: Inventory, network: string): GatewayInfo | undefined {
  return [...gateways.values()].find(
    ({ role, ready, workload, resource }) =>
      role === 'east-west' &&
      ready &&
      workload.network === network &&
      resource.listeners.some(({ port, protocol }) => port === 15008 && protocol === 'HBONE'),
  );
}

/** The gateway on the way from one workload to another; undefined where both are in one network, or no way leads there. */
export function gatewayBetween(inventory: Inventory, from: Workload, to: Workload): GatewayInfo | undefined {
  return from.network === to.network ? undefined : networkGateway(inventory, to.network);
}
