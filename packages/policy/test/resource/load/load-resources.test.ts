import { describe, expect, it } from 'vitest';
import { hasInvalid } from '../../../src/diagnostic/diagnostic.js';
import { strict, upstream } from '../../../src/resource/dialect.js';
import { loadResources } from '../../../src/resource/load/load-resources.js';
import { defaultMeshConfig } from '../../../src/resource/model/index.js';
import { codesOf, complaints, load, only } from '../load.js';
import { validManifests } from '../manifests.js';

const namespace = (name: string) => `apiVersion: v1\nkind: Namespace\nmetadata:\n  name: ${name}\n`;
const meshConfigMap = (mesh: string, at = 'istio-system', name = 'istio') =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}, namespace: ${at}}\ndata:\n  mesh: |\n${mesh.replace(/^/gm, '    ')}\n`;

describe('loadResources', () => {
  it.each([strict, upstream])('reads an object of every kind without a word ($name)', (dialect) => {
    const { set, diagnostics } = load(validManifests.join('---\n'), dialect);
    expect(diagnostics).toEqual([]);
    expect(set.resources).toHaveLength(validManifests.length - 1);
    expect(set.meshConfig).toMatchObject({
      trustDomain: 'shop.example',
      trustDomainAliases: ['cluster.local'],
      pathNormalization: 'MERGE_SLASHES',
    });
  });

  it('reads the same objects as JSON', () => {
    const json = JSON.stringify(
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'web', namespace: 'shop' } },
      undefined,
      2,
    );
    expect(only('ServiceAccount', json).metadata).toMatchObject({ name: 'web', namespace: 'shop' });
  });

  it('takes `default` for a namespace that is not written, and none for cluster-wide kinds', () => {
    expect(only('ServiceAccount', 'apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: web}\n').metadata.namespace).toBe(
      'default',
    );
    expect(
      only('Namespace', 'apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, namespace: other}\n').metadata.namespace,
    ).toBe('');
  });

  it('opens lists, also those of one kind and lists in lists', () => {
    const item = '{apiVersion: v1, kind: Namespace, metadata: {name: a}}';
    const typed = '{apiVersion: v1, kind: NamespaceList, items: [{metadata: {name: b}}]}';
    const { set, diagnostics } = load(
      `apiVersion: v1\nkind: List\nmetadata: {resourceVersion: ""}\nitems: [${item}, ${typed}]\n`,
    );
    expect(diagnostics).toEqual([]);
    expect(set.resources.map(({ kind, metadata }) => `${kind}/${metadata.name}`)).toEqual(['Namespace/a', 'Namespace/b']);
  });

  it('reads what the API server adds without a word', () => {
    const text = `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata:
  name: p
  namespace: shop
  uid: 5c2b8c2e
  resourceVersion: "7"
  generation: 2
  creationTimestamp: "2026-01-01T00:00:00Z"
  managedFields: [{manager: kubectl}]
  annotations:
    kubectl.kubernetes.io/last-applied-configuration: |
      {}
spec: {}
status:
  conditions: [{type: Reconciled, status: "True"}]
  anything: [1]
`;
    expect(only('AuthorizationPolicy', text).metadata.creationTimestamp).toBe('2026-01-01T00:00:00Z');
    expect(codesOf(text.replace('"2026-01-01T00:00:00Z"', 'null'))).toEqual([]);
  });

  it('counts the kinds that mean nothing here, and names those that change what happens', () => {
    const object = (apiVersion: string, kind: string) => `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: a}\n`;
    const { set, diagnostics } = load(
      [
        object('v1', 'ConfigMap'),
        object('batch/v1', 'Job'),
        object('batch/v1', 'Job'),
        object('networking.istio.io/v1', 'VirtualService'),
        object('rbac.istio.io/v1alpha1', 'AuthorizationPolicy'),
      ].join('---\n'),
    );
    expect(diagnostics).toEqual([]);
    expect(set.skippedKinds).toEqual({ ConfigMap: 1, Job: 2 });
    expect(set.resources.map((resource) => resource.kind === 'Unmodelled' && resource.writtenKind)).toEqual([
      'VirtualService',
      'AuthorizationPolicy',
    ]);
  });

  it('tells kinds of the same name apart by their group', () => {
    const gateway = 'apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: {name: a}\nspec: {servers: []}\n';
    expect(only('Unmodelled', gateway).writtenKind).toBe('Gateway');
  });

  it('refuses an object that is declared twice, in whichever version and file, and names both places', () => {
    const policy = (version: string) =>
      `apiVersion: security.istio.io/${version}\nkind: AuthorizationPolicy\nmetadata: {name: p}\nspec: {}\n`;
    const { set, diagnostics } = loadResources(
      [
        { path: 'b.yaml', text: policy('v1beta1') },
        { path: 'a.yaml', text: policy('v1') },
      ],
      strict,
    );
    expect(diagnostics).toMatchObject([
      { code: 'duplicate-object', span: { file: 'a.yaml' }, related: [{ span: { file: 'b.yaml' } }] },
    ]);
    expect(set.resources).toHaveLength(1);
    expect(codesOf(`${namespace('a')}---\napiVersion: v1\nkind: ServiceAccount\nmetadata: {name: a}\n`)).toEqual([]);
  });

  it.each([
    ['just text', ['not-an-object']],
    ['[1, 2]', ['not-an-object']],
    ['{}', ['missing-field', 'missing-field']],
    ['{apiVersion: v1, metadata: {name: a}}', ['missing-field']],
    ['{apiVersion: 1, kind: Namespace, metadata: {name: a}}', ['wrong-type']],
    ['{apiVersion: v2, kind: Namespace, metadata: {name: a}}', ['unsupported-version']],
    ['{apiVersion: security.istio.io/v1alpha1, kind: AuthorizationPolicy, metadata: {name: a}}', ['unsupported-version']],
    ['{apiVersion: v1, kind: Namespace}', ['missing-field']],
    ['{apiVersion: v1, kind: Namespace, metadata: {}}', ['missing-field']],
    ['{apiVersion: v1, kind: Namespace, metadata: {generateName: a-}}', ['missing-field']],
    ['{apiVersion: v1, kind: Namespace, metadata: []}', ['wrong-type']],
  ])('refuses %s', (text, codes) => {
    expect(codesOf(text)).toEqual(codes);
    expect(load(text).set.resources).toEqual([]);
  });

  it('leaves out the object with an error and keeps the others, for its readers to refuse as a whole', () => {
    const { set, diagnostics } = load(`${namespace('good')}---\n${namespace('Bad')}---\n${namespace('fine')}`);
    expect(hasInvalid(diagnostics)).toBe(true);
    expect(set.resources.map(({ metadata }) => metadata.name)).toEqual(['good', 'fine']);
  });

  it('sorts diagnostics by file, line and column', () => {
    const { diagnostics } = loadResources(
      [
        { path: 'b.yaml', text: namespace('Bad') },
        { path: 'a.yaml', text: `${namespace('ok')}---\n${namespace('Bad')}` },
      ],
      strict,
    );
    expect(diagnostics.map(({ span }) => `${span.file}:${span.start.line}`)).toEqual(['a.yaml:9', 'b.yaml:4']);
  });

  it('reads 10,000 policies', () => {
    const files = Array.from({ length: 10_000 }, (_, index) => ({
      path: `p${index}.yaml`,
      text: `apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata:\n  name: p-${index}\nspec:\n  rules:\n  - from:\n    - source:\n        principals: [cluster.local/ns/a/sa/b]\n    to:\n    - operation: {methods: [GET], paths: [/info]}\n`,
    }));
    expect(loadResources(files, strict).set.resources).toHaveLength(10_000);
  });
});

describe('names', () => {
  it.each(['web/../admin', 'Web', '-a', 'a-', 'a_b', 'a b', 'x'.repeat(254), 'é'])(
    '%s is none for an identity, in either dialect',
    (name) => {
      const text = `apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: "${name}"}\n`;
      expect(codesOf(text, strict)).toEqual(['invalid-name']);
      expect(codesOf(text, upstream)).toEqual(['invalid-name']);
    },
  );

  it('of policies are left alone in upstream, as its validation leaves them', () => {
    const text = 'apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: Bad_Name}\nspec: {}\n';
    expect(codesOf(text, strict)).toEqual(['invalid-name']);
    expect(codesOf(text, upstream)).toEqual([]);
  });

  it('of namespaces cannot carry a path, whatever the kind and dialect', () => {
    const text =
      'apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata: {name: p, namespace: shop/sa/admin}\nspec: {}\n';
    expect(complaints(text, upstream)).toEqual(['invalid-name: shop/sa/admin']);
  });

  it('of service accounts cannot carry one wherever they are written', () => {
    const evil = 'web/../../ns/other/sa/admin';
    const texts = [
      `apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {serviceAccountName: ${evil}}\n`,
      `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {selector: {}, template: {spec: {serviceAccountName: ${evil}}}}\n`,
      `apiVersion: networking.istio.io/v1\nkind: WorkloadEntry\nmetadata: {name: a}\nspec: {serviceAccount: ${evil}}\n`,
      `apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: a}\nspec: {hosts: [a.b], resolution: STATIC, endpoints: [{address: 10.0.0.1, serviceAccount: ${evil}}]}\n`,
      `apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: a, annotations: {gateway.istio.io/service-account: ${evil}}}\nspec: {gatewayClassName: istio}\n`,
    ];
    for (const text of texts)
      for (const dialect of [strict, upstream]) expect(complaints(text, dialect), text).toEqual([`invalid-name: ${evil}`]);
  });
});

describe('MeshConfig', () => {
  it('is read from the ConfigMap, and errors in it point into the file', () => {
    const text = meshConfigMap('trustDomain: shop.example\nrootNamspace: mesh');
    expect(complaints(text)).toEqual(['unknown-field: rootNamspace']);
    expect(load(text).diagnostics[0]).toMatchObject({
      span: { start: { line: 7, column: 5 } },
      hint: 'did you mean `rootNamespace`?',
    });
  });

  it('is read from a file of its own', () => {
    const files = [
      {
        path: 'conf/meshconfig.yaml',
        text: 'trustDomain: shop.example\ndefaultConfig: {gatewayTopology: {numTrustedProxies: 2}}\naccessLogFile: /dev/stdout\n',
      },
    ];
    expect(loadResources(files, strict).set.meshConfig).toMatchObject({
      trustDomain: 'shop.example',
      gatewayTopology: { numTrustedProxies: 2, proxyProtocol: false },
      rootNamespace: 'istio-system',
    });
  });

  it('counts in the root namespace only, the default one or its own', () => {
    expect(load(meshConfigMap('trustDomain: a.example', 'shop')).set.meshConfig).toEqual(defaultMeshConfig);
    expect(load(meshConfigMap('trustDomain: a.example\nrootNamespace: shop', 'shop')).set.meshConfig.trustDomain).toBe(
      'a.example',
    );
    expect(load(meshConfigMap('trustDomain: a.example', 'istio-system', 'other')).set).toMatchObject({
      meshConfig: defaultMeshConfig,
      skippedKinds: { ConfigMap: 1 },
    });
  });

  it('is declared once', () => {
    expect(codesOf(`${meshConfigMap('trustDomain: a.example')}---\n${meshConfigMap('rootNamespace: mesh', 'mesh')}`)).toEqual([
      'mesh-config-duplicate',
    ]);
  });

  it.each(['trustDomain: a/b', 'trustDomain: "spiffe://a"', 'trustDomainAliases: [a, "b/c"]'])(
    'has no trust domain like %s',
    (mesh) => {
      expect(codesOf(meshConfigMap(mesh))).toEqual(['mesh-trust-domain']);
    },
  );

  it('has extension providers with names that policies can use', () => {
    const config = load(
      meshConfigMap('extensionProviders:\n- name: opa\n  envoyExtAuthzGrpc: {service: opa, port: 1}\n- {name: log, zipkin: {}}'),
    ).set.meshConfig;
    expect(config.extensionProviders).toMatchObject([
      { name: 'opa', type: 'envoyExtAuthzGrpc' },
      { name: 'log', type: 'other' },
    ]);
    expect(codesOf(meshConfigMap('extensionProviders: [{name: OPA}]'))).toEqual(['mesh-provider']);
    expect(codesOf(meshConfigMap('extensionProviders: [{name: a}, {name: a}]'))).toEqual(['mesh-provider']);
  });
});
