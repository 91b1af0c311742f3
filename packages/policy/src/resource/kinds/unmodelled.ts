/** Kinds that are not modelled and yet change what happens, by group; `*` is every kind of the group. */
const unmodelledKinds: ReadonlyMap<string, readonly string[]> = new Map([
  ['networking.k8s.io', ['NetworkPolicy', 'Ingress']],
  ['policy.networking.k8s.io', ['*']],
  ['cilium.io', ['CiliumNetworkPolicy', 'CiliumClusterwideNetworkPolicy']],
  ['crd.projectcalico.org', ['NetworkPolicy', 'GlobalNetworkPolicy']],
  ['projectcalico.org', ['NetworkPolicy', 'GlobalNetworkPolicy']],
  [
    'networking.istio.io',
    ['EnvoyFilter', 'VirtualService', 'Sidecar', 'DestinationRule', 'Gateway', 'ProxyConfig', 'WorkloadGroup'],
  ],
  ['extensions.istio.io', ['WasmPlugin']],
  ['gateway.networking.k8s.io', ['GRPCRoute', 'UDPRoute', 'BackendTLSPolicy', 'ListenerSet']],
  ['gateway.networking.x-k8s.io', ['*']],
  ['rbac.istio.io', ['*']],
]);

/** Whether a kind that is not read has to be named all the same. */
export function isUnmodelled(group: string, kind: string): boolean {
  const kinds = unmodelledKinds.get(group) ?? [];
  return kinds.includes('*') || kinds.includes(kind);
}
