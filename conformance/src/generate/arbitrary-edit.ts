import fc from 'fast-check';
import type { Manifest } from '../cases/case.js';
import type { CaseMesh } from '../cases/engine.js';
import { arbitraryPolicy, policyManifest } from './arbitrary-policy.js';
import { arbitraryRoles } from './arbitrary-roles.js';
import { arbitraryRule } from './arbitrary-rule.js';

/** A folder as it is edited: objects in files, MeshConfig, and a file that holds no YAML. */
export interface EditedFolder {
  readonly objects: readonly { readonly file: string; readonly manifest: Manifest }[];
  readonly meshConfig: CaseMesh['meshConfig'];
  readonly broken: boolean;
}

/** One save of somebody who edits a folder. */
export interface Edit {
  readonly name: string;
  readonly apply: (folder: EditedFolder) => EditedFolder;
}

/** The files that objects are spread over. */
export const editedFiles: readonly string[] = ['a.yaml', 'b.yaml', 'c/a.yaml', 'd.json.yaml'];

const file = fc.constantFrom(...editedFiles);
const namespace = fc.constantFrom('shop', 'other', 'istio-system');
const labels = fc.record(
  {
    app: fc.constantFrom('api', 'web', 'edge'),
    version: fc.constantFrom('v1', 'v2'),
    'istio.io/use-waypoint': fc.constantFrom('gate', 'none', 'missing'),
    'istio.io/use-waypoint-canary': fc.constantFrom('gate', 'edge', 'missing'),
    'istio.io/dataplane-mode': fc.constantFrom('ambient', 'none'),
    'istio.io/waypoint-for': fc.constantFrom('service', 'workload', 'all'),
  },
  { requiredKeys: [] },
);
const selector = fc.oneof(
  fc.constant({}),
  labels.map(({ app = 'api' }) => ({ selector: { matchLabels: { app } } })),
);

const policy = fc.oneof(
  { weight: 4, arbitrary: fc.nat({ max: 7 }).chain((index) => arbitraryPolicy(`p-${index}`)) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(namespace, fc.constantFrom('p-0', 'p-8'), selector, fc.constantFrom('ALLOW', 'DENY'), arbitraryRule('l4'))
      .map(([where, name, scope, action, rule]) => policyManifest(where, name, { ...scope, action, rules: [rule] })),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(namespace, fc.constantFrom('p-0', 'p-8'), fc.constantFrom('api', 'gone'), arbitraryRule('l4'))
      .map(([where, name, service, rule]) =>
        policyManifest(where, name, { targetRefs: [{ group: '', kind: 'Service', name: service }], rules: [rule] }),
      ),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(namespace, selector, arbitraryRule('l4'))
      .map(([where, scope, rule]) =>
        policyManifest(where, 'asks', { ...scope, action: 'CUSTOM', provider: { name: 'authorizer' }, rules: [rule] }),
      ),
  },
);

function object(apiVersion: string, kind: string, name: string, where: string | undefined, more: Manifest = {}): Manifest {
  return { apiVersion, kind, metadata: { name, ...(where === undefined ? {} : { namespace: where }) }, ...more };
}

/** Objects that are not policies, most of which change what the others mean. */
const other = fc.oneof(
  fc
    .tuple(namespace, fc.constantFrom('api', 'more'), labels, fc.constantFrom({}, { podIP: '10.0.0.2' }, { podIP: '10.0.0.77' }))
    .map(([where, name, own, status]) => ({
      ...object('v1', 'Pod', name, where),
      metadata: { name, namespace: where, labels: own },
      spec: { serviceAccountName: name, containers: [{ name: 'c', ports: [{ containerPort: 8080 }] }] },
      ...(Object.keys(status).length === 0 ? {} : { status: { ...status, conditions: [{ type: 'Ready', status: 'True' }] } }),
    })),
  fc.tuple(namespace, fc.constantFrom('api', 'web'), labels, labels).map(([where, name, own, selected]) => ({
    ...object('v1', 'Service', name, where),
    metadata: { name, namespace: where, labels: own },
    spec: { selector: selected, ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
  })),
  fc.tuple(namespace, labels).map(([name, own]) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: own } })),
  fc
    .tuple(namespace, fc.constantFrom('gate', 'edge', 'missing'), fc.constantFrom('istio-waypoint', 'istio'))
    .map(([where, name, gatewayClassName]) =>
      object('gateway.networking.k8s.io/v1', 'Gateway', name, where, {
        spec: { gatewayClassName, listeners: [{ name: 'mesh', port: 15_008, protocol: 'HBONE' }] },
      }),
    ),
  fc
    .tuple(namespace, selector, fc.constantFrom('STRICT', 'PERMISSIVE', 'DISABLE'))
    .map(([where, scope, mode]) =>
      object('security.istio.io/v1', 'PeerAuthentication', 'default', where, { spec: { ...scope, mtls: { mode } } }),
    ),
  fc.tuple(namespace, fc.constantFrom('issuer', 'another')).map(([where, issuer]) =>
    object('security.istio.io/v1', 'RequestAuthentication', 'tokens', where, {
      spec: { targetRefs: [{ group: '', kind: 'Service', name: 'api' }], jwtRules: [{ issuer, jwks: '{"keys":[]}' }] },
    }),
  ),
  fc.tuple(namespace, fc.constantFrom('api', 'gone')).map(([where, name]) =>
    object('gateway.networking.k8s.io/v1', 'HTTPRoute', 'route', where, {
      spec: { parentRefs: [{ group: '', kind: 'Service', name, port: 80 }], rules: [{ backendRefs: [{ name, port: 80 }] }] },
    }),
  ),
  namespace.map((where) => object('networking.k8s.io/v1', 'NetworkPolicy', 'closed', where, { spec: {} })),
  namespace.map((where) => object('v1', 'ConfigMap', 'settings', where, { data: { key: 'value' } })),
  namespace.map((where) =>
    object('networking.istio.io/v1', 'ServiceEntry', 'authorizer', where, {
      spec: {
        hosts: ['authorizer.example'],
        ports: [{ number: 9000, name: 'grpc', protocol: 'GRPC' }],
        resolution: 'STATIC',
        endpoints: [{ address: '10.0.0.9' }],
      },
    }),
  ),
);

const meshConfig = fc.constantFrom<CaseMesh['meshConfig']>(
  {},
  { rootNamespace: 'shop' },
  { trustDomainAliases: ['partner.example'] },
  {
    extensionProviders: [{ name: 'authorizer', envoyExtAuthzGrpc: { service: 'authorizer.example', port: 9000 } }],
  },
);

/** One edit of a folder. Some leave it invalid, until a later one mends it. */
export const arbitraryEdit: fc.Arbitrary<Edit> = fc.oneof(
  { weight: 8, arbitrary: fc.tuple(policy, file).map(([manifest, where]) => put([manifest], where)) },
  { weight: 4, arbitrary: fc.tuple(other, file).map(([manifest, where]) => put([manifest], where)) },
  { weight: 1, arbitrary: fc.tuple(arbitraryRoles, file).map(([manifests, where]) => put(manifests, where)) },
  { weight: 4, arbitrary: fc.nat({ max: 40 }).map(remove) },
  { weight: 2, arbitrary: fc.tuple(fc.nat({ max: 40 }), labels).map(([index, own]) => relabel(index, own)) },
  { weight: 2, arbitrary: fc.tuple(fc.nat({ max: 40 }), file).map(([index, where]) => move(index, where)) },
  { weight: 1, arbitrary: fc.tuple(fc.nat({ max: 40 }), file).map(([index, where]) => repeat(index, where)) },
  { weight: 1, arbitrary: meshConfig.map(configure) },
  { weight: 1, arbitrary: fc.boolean().map(spoil) },
);

function put(manifests: readonly Manifest[], where: string): Edit {
  const keys = new Set(manifests.map(keyOf));
  return {
    name: `put ${[...keys].join(', ')} into ${where}`,
    apply: (folder) => {
      const rest = folder.objects.filter(({ manifest }) => !keys.has(keyOf(manifest)));
      return { ...folder, objects: [...rest, ...manifests.map((manifest) => ({ file: where, manifest }))] };
    },
  };
}

function remove(index: number): Edit {
  return {
    name: `remove object ${index}`,
    apply: (folder) => ({ ...folder, objects: folder.objects.filter((_, place) => place !== index) }),
  };
}

function relabel(index: number, own: Manifest): Edit {
  return {
    name: `label object ${index} ${JSON.stringify(own)}`,
    apply: (folder) => ({
      ...folder,
      objects: folder.objects.map(({ file: where, manifest }, place) =>
        place === index
          ? { file: where, manifest: { ...manifest, metadata: { ...(manifest.metadata as object), labels: own } } }
          : { file: where, manifest },
      ),
    }),
  };
}

function move(index: number, where: string): Edit {
  return {
    name: `move object ${index} to ${where}`,
    apply: (folder) => ({
      ...folder,
      objects: folder.objects.map((each, place) => (place === index ? { ...each, file: where } : each)),
    }),
  };
}

function repeat(index: number, where: string): Edit {
  return {
    name: `declare object ${index} once more in ${where}`,
    apply: (folder) => {
      const again = folder.objects.slice(index, index + 1).map(({ manifest }) => ({ file: where, manifest }));
      return { ...folder, objects: [...folder.objects, ...again] };
    },
  };
}

function configure(config: CaseMesh['meshConfig']): Edit {
  return { name: `configure ${JSON.stringify(config)}`, apply: (folder) => ({ ...folder, meshConfig: config }) };
}

function spoil(broken: boolean): Edit {
  return { name: broken ? 'spoil a file' : 'mend a file', apply: (folder) => ({ ...folder, broken }) };
}

function keyOf({ kind, metadata }: Manifest): string {
  const { name, namespace: where } = metadata as { readonly name: string; readonly namespace?: string };
  return `${String(kind)}/${where ?? ''}/${name}`;
}
