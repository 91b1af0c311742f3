import {
  bindGateway,
  bindWaypoint,
  bindZtunnel,
  buildInventory,
  type ConnectionAttributes,
  connectionDecider,
  type Dialect,
  type GateBinding,
  type Inventory,
  loadResources,
  type RequestAttributes,
  type RequestDecider,
  requestDecider,
  strict,
  type Verdict,
} from '../../src/index.js';

/** The spec of an AuthorizationPolicy, with what a test wants to say in its metadata. */
export type Spec = Readonly<Record<string, unknown>> & { readonly dryRun?: boolean; readonly policyName?: string };

/** One rule of a policy, as in a manifest. */
export type RuleSpec = Readonly<Record<string, unknown>>;

/** The client of every test, unless it says otherwise. */
const client = 'spiffe://cluster.local/ns/shop/sa/web';

const objects = [
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop', labels: { 'istio.io/dataplane-mode': 'ambient' } } },
  {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'api', namespace: 'shop', labels: { app: 'api' } },
    spec: { serviceAccountName: 'api', containers: [{ name: 'c', ports: [{ containerPort: 8080 }] }] },
    status: { podIP: '10.0.0.2', podIPs: [{ ip: '10.0.0.2' }], conditions: [{ type: 'Ready', status: 'True' }] },
  },
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'api', namespace: 'shop', labels: { 'istio.io/use-waypoint': 'gate' } },
    spec: {
      clusterIP: '10.96.0.2',
      selector: { app: 'api' },
      ports: [
        { name: 'http', port: 80, targetPort: 8080 },
        { name: 'tcp-db', port: 3306 },
      ],
    },
  },
  {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: { name: 'gate', namespace: 'shop' },
    spec: { gatewayClassName: 'istio-waypoint', listeners: [{ name: 'mesh', port: 15008, protocol: 'HBONE' }] },
  },
  {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'Gateway',
    metadata: { name: 'edge', namespace: 'shop' },
    spec: { gatewayClassName: 'istio', listeners: [{ name: 'http', port: 80, protocol: 'HTTP' }] },
  },
];

const targets = {
  ztunnel: {},
  waypoint: { targetRefs: [{ group: '', kind: 'Service', name: 'api' }] },
  gateway: { targetRefs: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'edge' }] },
} as const;

/** What differs between the meshes of tests. */
export interface Options {
  readonly dialect?: Dialect;
  readonly meshConfig?: Readonly<Record<string, unknown>>;
  readonly manifests?: readonly object[];
}

/** A small mesh whose policies are bound to one gate, and that gate. */
export function gateWith<Gate extends keyof typeof targets>(gate: Gate, specs: readonly Spec[], options: Options = {}) {
  const inventory = inventoryWith(
    specs.map((spec, index) => policyManifest({ ...targets[gate], ...spec }, index)),
    options,
  );
  return { inventory, binding: bindingOf(inventory, gate) };
}

function policyManifest({ dryRun, policyName, ...spec }: Spec, index: number): object {
  const annotations = dryRun === true ? { annotations: { 'istio.io/dry-run': 'true' } } : {};
  return {
    apiVersion: 'security.istio.io/v1',
    kind: 'AuthorizationPolicy',
    metadata: { name: policyName ?? `p-${index}`, namespace: 'shop', ...annotations },
    spec,
  };
}

function inventoryWith(policies: readonly object[], { dialect = strict, meshConfig, manifests = [] }: Options): Inventory {
  const text = [...objects, ...policies, ...manifests].map((object) => JSON.stringify(object)).join('\n---\n');
  const config = meshConfig === undefined ? [] : [{ path: 'meshconfig.json', text: JSON.stringify(meshConfig) }];
  const { set, diagnostics } = loadResources([{ path: 'mesh.yaml', text }, ...config], dialect);
  const [error] = diagnostics.filter(({ kind, severity }) => kind === 'invalid' && severity === 'error');
  if (error !== undefined) throw new Error(`the mesh of this test is invalid: ${error.message}`);
  return buildInventory(set, dialect).inventory;
}

function bindingOf(inventory: Inventory, gate: keyof typeof targets): GateBinding {
  const [pod, service] = [inventory.workloads.get('shop/api'), inventory.services.get('Service/shop/api')];
  const [waypoint, edge] = [inventory.gateways.get('shop/gate'), inventory.gateways.get('shop/edge')];
  if (!pod || !service || !waypoint || !edge) throw new Error('the mesh of this test declares all of these');
  if (gate === 'ztunnel') return bindZtunnel(inventory, pod);
  return gate === 'waypoint' ? bindWaypoint(inventory, waypoint, service) : bindGateway(inventory, edge);
}

/** A connection to the pod or service of the mesh. */
export function connection(attributes: Partial<ConnectionAttributes> = {}): ConnectionAttributes {
  return { identity: client, sourceIp: '10.0.0.9', destinationIp: '10.96.0.2', destinationPort: 80, ...attributes };
}

/** A connection without a certificate. */
export function plaintext(attributes: Partial<ConnectionAttributes> = {}): ConnectionAttributes {
  const { identity: _, ...rest } = connection(attributes);
  return rest;
}

/** A request to the service of the mesh. */
export function request(attributes: Partial<RequestAttributes> = {}): RequestAttributes {
  return { method: 'GET', path: '/', authority: 'api.shop', headers: [], httpVersion: 1, ...attributes };
}

/** The verdict of a ztunnel, or of an L7 gate on a TCP port. */
export function connect(gate: keyof typeof targets, specs: readonly Spec[], to = connection(), options?: Options): Verdict {
  const { inventory, binding } = gateWith(gate, specs, options);
  return connectionDecider(inventory, binding).connection(to);
}

/** The decider of an L7 gate with these policies. */
export function l7Decider(gate: 'waypoint' | 'gateway', specs: readonly Spec[], options?: Options): RequestDecider {
  const { inventory, binding } = gateWith(gate, specs, options);
  if (binding.gate === 'ztunnel') throw new Error('a ztunnel judges no requests');
  return requestDecider(inventory, binding);
}

/** Whether a waypoint with one ALLOW policy of one rule admits a request: whether the rule matches it. */
export function ruleMatches(
  rule: RuleSpec,
  sent: Partial<RequestAttributes> = {},
  from = connection(),
  options?: Options,
): boolean {
  return l7Decider('waypoint', [{ rules: [rule] }], options).request(from, request(sent)).effect === 'allow';
}
