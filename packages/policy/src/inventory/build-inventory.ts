import type { Diagnostic } from '../diagnostic/diagnostic.js';
import { Reporter } from '../diagnostic/reporter.js';
import type { Dialect } from '../resource/dialect.js';
import type { ResourceSet } from '../resource/model/index.js';
import { buildGateways } from './build-gateways.js';
import { buildServices, declareServiceAddresses } from './build-services.js';
import { buildWorkloads } from './build-workloads.js';
import { type BuiltInventory, diagnosed } from './built-inventory.js';
import { GatewayRoles } from './gateway-roles.js';
import type { Inventory, ServiceInfo } from './inventory.js';
import { append, type Labels } from './labels.js';
import { PolicyAddresses } from './policy-addresses.js';
import { selectResources } from './select-resources.js';

/**
 * The inventory of a set of manifests: what the controllers of a cluster would make of them (design: "What a folder means").
 * Total: whatever the set holds, there is an inventory; what is dangerous or leads nowhere is among the diagnostics, all of them findings.
 * The result does not depend on the order of the manifests, and takes time linear in their number.
 */
export function buildInventory(set: ResourceSet, dialect: Dialect): BuiltInventory {
  const { inventory, structure } = buildStructure(set, dialect);
  return diagnosed(inventory, structure);
}

/** The same, of whose objects only workloads, services and gateways have been judged. */
export function buildStructure(
  set: ResourceSet,
  dialect: Dialect,
): { readonly inventory: Inventory; readonly structure: readonly Diagnostic[] } {
  const reporter = new Reporter();
  const namespaces = byName(selectResources(set, 'Namespace'));
  const namespaceLabels = labelsOfNamespaces(namespaces);
  const gatewayClasses = byName(selectResources(set, 'GatewayClass'));
  const gatewayResources = selectResources(set, 'Gateway');
  const gatewayRoles = new GatewayRoles(gatewayResources, gatewayClasses);
  const addresses = new PolicyAddresses();
  declareServiceAddresses(set, addresses);
  const built = buildWorkloads(set, { gatewayResources, gatewayRoles, namespaceLabels, addresses, reporter });
  const { services, serviceByAddress } = buildServices(set, { ...built, gatewayResources, gatewayRoles, addresses, reporter });
  const inventory: Inventory = {
    dialect,
    mesh: set.meshConfig,
    namespaces,
    workloads: built.workloadByKey,
    services,
    gateways: buildGateways(gatewayResources, gatewayRoles, built, set.meshConfig.gatewayTopology),
    gatewayClasses,
    policies: selectResources(set, 'AuthorizationPolicy'),
    peerAuthentications: selectResources(set, 'PeerAuthentication'),
    requestAuthentications: selectResources(set, 'RequestAuthentication'),
    rbacConfigs: [...selectResources(set, 'ClusterRbacConfig'), ...selectResources(set, 'RbacConfig')],
    serviceRoles: selectResources(set, 'ServiceRole'),
    serviceRoleBindings: selectResources(set, 'ServiceRoleBinding'),
    httpRoutes: selectResources(set, 'HTTPRoute'),
    tcpRoutes: selectResources(set, 'TCPRoute'),
    tlsRoutes: selectResources(set, 'TLSRoute'),
    referenceGrants: selectResources(set, 'ReferenceGrant'),
    secrets: new Map(
      selectResources(set, 'Secret').map((secret) => [`${secret.metadata.namespace}/${secret.metadata.name}`, secret]),
    ),
    unmodelled: selectResources(set, 'Unmodelled'),
    workloadByAddress: built.workloadByAddress,
    serviceByAddress,
    servicesByHostname: groupByHostname(services),
    namespaceLabels,
  };
  return { inventory, structure: reporter.diagnostics };
}

function byName<Item extends { readonly metadata: { readonly name: string } }>(
  items: readonly Item[],
): ReadonlyMap<string, Item> {
  return new Map(items.map((item) => [item.metadata.name, item]));
}

function labelsOfNamespaces(namespaces: Inventory['namespaces']): (namespace: string) => Labels {
  const known = new Map<string, Labels>();
  return (namespace) => {
    const found = known.get(namespace);
    if (found !== undefined) return found;
    const labels = { ...namespaces.get(namespace)?.metadata.labels, 'kubernetes.io/metadata.name': namespace };
    known.set(namespace, labels);
    return labels;
  };
}

/** By lower-case hostname. */
export function groupByHostname(services: ReadonlyMap<string, ServiceInfo>): ReadonlyMap<string, readonly ServiceInfo[]> {
  const groups = new Map<string, ServiceInfo[]>();
  for (const service of services.values()) append(groups, service.hostname.toLowerCase(), service);
  return groups;
}
