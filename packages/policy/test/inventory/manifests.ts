import { hasInvalid } from '../../src/diagnostic/diagnostic.js';
import { buildInventory } from '../../src/inventory/build-inventory.js';
import type { GatewayInfo, Inventory, ServiceInfo, Workload } from '../../src/inventory/inventory.js';
import { type Dialect, strict } from '../../src/resource/dialect.js';
import { loadResources } from '../../src/resource/load/load-resources.js';

/** Loads manifests that have to be valid, and builds their inventory. */
export function build(manifests: string, dialect: Dialect = strict): ReturnType<typeof buildInventory> {
  const { set, diagnostics } = loadResources([{ path: 'mesh.yaml', text: manifests }], dialect);
  if (hasInvalid(diagnostics)) throw new Error(diagnostics.map(({ message }) => message).join('\n'));
  return buildInventory(set, dialect);
}

/** The inventory of valid manifests. */
export function inventoryOf(manifests: string, dialect: Dialect = strict): Inventory {
  return build(manifests, dialect).inventory;
}

/** Joins documents into one text. */
export function documents(...texts: readonly string[]): string {
  return texts.join('\n---\n');
}

/** The value under a key, which has to be there. */
export function get<Value>(map: ReadonlyMap<string, Value>, key: string): Value {
  const value = map.get(key);
  if (value === undefined) throw new Error(`no ${key} among ${[...map.keys()].join(', ')}`);
  return value;
}

export function workload(inventory: Inventory, key: string): Workload {
  return get(inventory.workloads, key);
}

export function service(inventory: Inventory, key: string): ServiceInfo {
  return get(inventory.services, `Service/${key}`);
}

export function gateway(inventory: Inventory, key: string): GatewayInfo {
  return get(inventory.gateways, key);
}

/** A Namespace with labels, `ambient` unless told otherwise. */
export function namespace(
  name: string,
  labels: Readonly<Record<string, string>> = { 'istio.io/dataplane-mode': 'ambient' },
): string {
  return JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } });
}

export interface PodOptions {
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly serviceAccount?: string;
  readonly ip?: string;
  readonly ready?: boolean;
  readonly hostNetwork?: boolean;
  readonly ports?: readonly { readonly name?: string; readonly containerPort: number; readonly protocol?: string }[];
  readonly owner?: { readonly kind: string; readonly name: string };
}

/** A Pod, labelled `app: NAME` unless told otherwise. */
export function pod(name: string, options: PodOptions = {}): string {
  const {
    namespace: ns = 'shop',
    labels = { app: name },
    annotations,
    serviceAccount,
    ip,
    ready = true,
    hostNetwork,
    ports,
    owner,
  } = options;
  const status = { podIP: ip, podIPs: [{ ip }], conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] };
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: ns,
      labels,
      annotations,
      ownerReferences: owner && [{ apiVersion: 'apps/v1', uid: '1', controller: true, ...owner }],
    },
    spec: { serviceAccountName: serviceAccount, hostNetwork, containers: [{ name: 'main', image: 'x', ports }] },
    status: ip === undefined ? undefined : status,
  });
}

/** A Service on the pods labelled `app: NAME`, port 80 to 8080, merged with more of a spec and of metadata. */
export function serviceOf(name: string, spec: object = {}, metadata: object = {}): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: 'shop', ...metadata },
    spec: { selector: { app: name }, ports: [{ name: 'http', port: 80, targetPort: 8080 }], ...spec },
  });
}

/** A waypoint, with labels, class and listener to be changed. */
export function waypoint(
  name: string,
  options: { metadata?: object; className?: string; listener?: object; status?: object } = {},
): string {
  return JSON.stringify({
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: { name, namespace: 'shop', ...options.metadata },
    spec: {
      gatewayClassName: options.className ?? 'istio-waypoint',
      listeners: [{ name: 'mesh', port: 15008, protocol: 'HBONE', ...options.listener }],
    },
    status: options.status,
  });
}

/** An ingress gateway with one plain HTTP listener on port 80, unless others are given. */
export function ingress(
  name: string,
  listeners: readonly object[] = [{ name: 'http', port: 80, protocol: 'HTTP' }],
  metadata: object = {},
): string {
  return JSON.stringify({
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: { name, namespace: 'shop', ...metadata },
    spec: { gatewayClassName: 'istio', listeners },
  });
}

/** An AuthorizationPolicy of namespace `shop`, unless the metadata say otherwise. */
export function policy(name: string, spec: object, metadata: object = {}): string {
  return JSON.stringify({
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata: { name, namespace: 'shop', ...metadata },
    spec,
  });
}

/** A rule on the peer's namespace: something that every gate can evaluate. */
export const l4Rule = { from: [{ source: { namespaces: ['web'] } }] };

/** A rule that no ztunnel can evaluate. */
export const l7Rule = { to: [{ operation: { methods: ['GET'] } }] };
