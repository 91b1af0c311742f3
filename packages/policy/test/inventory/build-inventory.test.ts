import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildInventory } from '../../src/inventory/build-inventory.js';
import type { Inventory } from '../../src/inventory/inventory.js';
import { strict } from '../../src/resource/dialect.js';
import { loadResources } from '../../src/resource/load/load-resources.js';
import {
  build,
  documents,
  get,
  ingress,
  inventoryOf,
  namespace,
  pod,
  policy,
  service,
  serviceOf,
  waypoint,
  workload,
} from './manifests.js';

function controller(kind: string, name: string, spec: object = {}, template: object = {}): string {
  return JSON.stringify({
    apiVersion: 'apps/v1',
    kind,
    metadata: { name, namespace: 'shop' },
    spec: {
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name }, ...template },
        spec: { serviceAccountName: `${name}-sa`, containers: [{ name: 'main', image: 'x' }] },
      },
      ...spec,
    },
  });
}

const keysOf = (inventory: Inventory) => [...inventory.workloads.keys()];

describe('controllers', () => {
  it.each([
    ['Deployment', {}, ['shop/web']],
    ['Deployment', { replicas: 3 }, ['shop/web-0', 'shop/web-1', 'shop/web-2']],
    ['Deployment', { replicas: 0 }, []],
    ['StatefulSet', {}, ['shop/web-0']],
    ['StatefulSet', { replicas: 2 }, ['shop/web-0', 'shop/web-1']],
    ['DaemonSet', {}, ['shop/web']],
  ])('a %s with %j makes the workloads %j', (kind, spec, keys) => {
    expect(keysOf(inventoryOf(controller(kind, 'web', spec)))).toEqual(keys);
  });

  it('gives its pods the labels, annotations and service account of the template', () => {
    const manifest = controller('Deployment', 'web', {}, { annotations: { 'sallyport/run': 'node web.js' } });
    expect(workload(inventoryOf(manifest), 'shop/web')).toMatchObject({
      labels: { app: 'web' },
      run: 'node web.js',
      identity: 'spiffe://cluster.local/ns/shop/sa/web-sa',
      ownerName: 'web',
      ownerKind: 'Deployment',
    });
  });

  it.each([
    ['its own annotation, where the template has none', {}, 'node own.js'],
    ['the annotation of the template before its own', { annotations: { 'sallyport/run': 'node web.js' } }, 'node web.js'],
  ])('runs its pods by %s', (_, template, run) => {
    const annotated = { name: 'web', namespace: 'shop', annotations: { 'sallyport/run': 'node own.js' } };
    const manifest = JSON.stringify({ ...JSON.parse(controller('Deployment', 'web', {}, template)), metadata: annotated });
    expect(workload(inventoryOf(manifest), 'shop/web')).toMatchObject({ run });
  });

  it('makes nothing where a pod that it owns is in the input', () => {
    const owned = pod('web-5d5-x', {
      owner: { kind: 'ReplicaSet', name: 'web-5d5' },
      labels: { app: 'web', 'pod-template-hash': '5d5' },
    });
    expect(keysOf(inventoryOf(documents(controller('Deployment', 'web', { replicas: 2 }), owned)))).toEqual(['shop/web-5d5-x']);
  });

  it('makes nothing where its selector matches an orphan pod, which it would adopt', () => {
    expect(keysOf(inventoryOf(documents(controller('Deployment', 'web'), pod('lone', { labels: { app: 'web' } }))))).toEqual([
      'shop/lone',
    ]);
  });
});

describe('policy addresses', () => {
  it('are the declared ones where a manifest has them', () => {
    const inventory = inventoryOf(
      documents(pod('web', { ip: '10.1.2.3' }), serviceOf('web', { clusterIP: '10.9.8.7', clusterIPs: ['10.9.8.7'] })),
    );
    expect(workload(inventory, 'shop/web').address).toBe('10.1.2.3');
    expect(service(inventory, 'shop/web').addresses).toEqual(['10.9.8.7']);
    expect(inventory.workloadByAddress.get('10.1.2.3')?.key).toBe('shop/web');
    expect(inventory.serviceByAddress.get('10.9.8.7')?.key).toBe('Service/shop/web');
  });

  it('are derived from the name otherwise, in the usual ranges', () => {
    const inventory = inventoryOf(documents(pod('web'), serviceOf('web')));
    expect(workload(inventory, 'shop/web').address.startsWith('10.244.')).toBe(true);
    expect(Number(service(inventory, 'shop/web').addresses[0]?.split('.')[1])).toBeGreaterThanOrEqual(96);
  });

  it('do not move when another object is added', () => {
    const names = Array.from({ length: 40 }, (_, index) => `app-${index}`);
    const before = inventoryOf(documents(...names.map((name) => pod(name))));
    const after = inventoryOf(documents(pod('aaa'), ...names.map((name) => pod(name))));
    for (const [key, { address }] of before.workloads) expect(workload(after, key).address).toBe(address);
  });

  it('avoid an address that something else declares', () => {
    const derived = workload(inventoryOf(pod('web')), 'shop/web').address;
    const inventory = inventoryOf(documents(pod('web'), pod('other', { ip: derived })));
    expect(workload(inventory, 'shop/other').address).toBe(derived);
    expect(workload(inventory, 'shop/web').address).not.toBe(derived);
  });

  it('are unique, however many workloads there are', () => {
    const { set } = loadResources(
      [{ path: 'mesh.yaml', text: documents(...Array.from({ length: 3000 }, (_, index) => pod(`p-${index}`))) }],
      strict,
    );
    expect(buildInventory(set, strict).inventory.workloadByAddress.size).toBe(3000);
  });

  it('that two workloads declare are reported, and lead to the first', () => {
    const { inventory, diagnostics } = build(documents(pod('a', { ip: '10.0.0.1' }), pod('b', { ip: '10.0.0.1' })));
    expect(diagnostics.map(({ code, kind }) => [code, kind])).toEqual([['duplicate-address', 'finding']]);
    expect(inventory.workloadByAddress.get('10.0.0.1')?.key).toBe('shop/a');
  });

  it('may be shared on the network of the host', () => {
    const { diagnostics } = build(
      documents(pod('a', { ip: '10.0.0.1', hostNetwork: true }), pod('b', { ip: '10.0.0.1', hostNetwork: true })),
    );
    expect(diagnostics).toEqual([]);
  });
});

describe('enrolment', () => {
  const plain = namespace('plain', {});
  it.each([
    ['follows the namespace', namespace('shop'), {}, 'captured'],
    ['is off without the label', namespace('shop', {}), {}, 'not-enrolled'],
    ['is off where no Namespace was read', plain, {}, 'not-enrolled'],
    ['ends with the pod that opts out', namespace('shop'), { labels: { 'istio.io/dataplane-mode': 'none' } }, 'opted-out'],
    ['begins with the pod that opts in', namespace('shop', {}), { labels: { 'istio.io/dataplane-mode': 'ambient' } }, 'captured'],
    ['never covers the network of the host', namespace('shop'), { hostNetwork: true }, 'host-network'],
    ['never covers a pod with a sidecar', namespace('shop'), { annotations: { 'sidecar.istio.io/status': '{}' } }, 'sidecar'],
    [
      'is what the node agent did',
      namespace('shop', {}),
      { annotations: { 'ambient.istio.io/redirection': 'enabled' } },
      'captured',
    ],
    [
      'is off where inbound capture is bypassed',
      namespace('shop'),
      { annotations: { 'ambient.istio.io/bypass-inbound-capture': 'true' } },
      'opted-out',
    ],
  ])('%s', (_, ns, options, capture) => {
    expect(workload(inventoryOf(documents(ns, pod('web', options))), 'shop/web').capture).toBe(capture);
  });

  it('covers the WorkloadEntries of an ambient namespace', () => {
    const entry = JSON.stringify({
      apiVersion: 'networking.istio.io/v1',
      kind: 'WorkloadEntry',
      metadata: { name: 'vm', namespace: 'shop' },
      spec: { address: '10.3.0.1', serviceAccount: 'vm-sa', labels: { app: 'vm' }, ports: { http: 8081 } },
    });
    expect(workload(inventoryOf(documents(namespace('shop'), entry)), 'shop/vm')).toMatchObject({
      kind: 'WorkloadEntry',
      capture: 'captured',
      address: '10.3.0.1',
      identity: 'spiffe://cluster.local/ns/shop/sa/vm-sa',
      portsByName: { http: 8081 },
    });
  });
});

describe('gateways', () => {
  function gatewayClass(name: string, controllerName: string, labels = {}): string {
    return JSON.stringify({
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'GatewayClass',
      metadata: { name, labels },
      spec: { controllerName },
    });
  }

  it.each([
    ['istio-waypoint', 'waypoint', 'gate'],
    ['istio', 'ingress', 'gate-istio'],
    ['istio-east-west', 'east-west', 'gate-istio-east-west'],
    ['nginx', 'foreign', 'gate-nginx'],
  ])('of class %s are of role %s and run as %s', (className, role, serviceAccount) => {
    const gate = get(inventoryOf(waypoint('gate', { className })).gateways, 'shop/gate');
    expect(gate.role).toBe(role);
    expect(gate.workload).toMatchObject({ serviceAccount, kind: 'Gateway', capture: 'gateway', gateway: 'shop/gate' });
  });

  it('take their role from the controller of a class that was read', () => {
    const inventory = inventoryOf(
      documents(gatewayClass('mine', 'istio.io/mesh-controller'), waypoint('gate', { className: 'mine' })),
    );
    expect(get(inventory.gateways, 'shop/gate').role).toBe('waypoint');
  });

  it('that face clients get the Service that their controller would make', () => {
    const inventory = inventoryOf(ingress('front', [{ name: 'web', port: 8080, protocol: 'HTTP' }]));
    const made = service(inventory, 'shop/front-istio');
    expect(
      made.ports.map(({ port, protocol, endpoints }) => [port, protocol, endpoints.map((endpoint) => endpoint.workload.key)]),
    ).toEqual([[8080, 'http', ['shop/front-istio']]]);
    expect(inventory.serviceByAddress.get(made.addresses[0] ?? '')).toBe(made);
  });

  it('that have a Service in the input get no other', () => {
    const own = serviceOf('entrance', { selector: { 'gateway.networking.k8s.io/gateway-name': 'front' } });
    expect([...inventoryOf(documents(ingress('front'), own)).services.keys()]).toEqual(['Service/shop/entrance']);
  });

  it('run as the service account that their annotation names', () => {
    const manifest = waypoint('gate', { metadata: { annotations: { 'gateway.istio.io/service-account': 'special' } } });
    expect(get(inventoryOf(manifest).gateways, 'shop/gate').workload.identity).toBe('spiffe://cluster.local/ns/shop/sa/special');
  });

  it('are represented by their real pod where there is one', () => {
    const real = pod('gate-7f', {
      ip: '10.4.4.4',
      serviceAccount: 'real',
      labels: { 'gateway.networking.k8s.io/gateway-name': 'gate' },
    });
    const inventory = inventoryOf(documents(namespace('shop'), waypoint('gate'), real));
    expect(keysOf(inventory)).toEqual(['shop/gate-7f']);
    expect(get(inventory.gateways, 'shop/gate').workload).toMatchObject({
      address: '10.4.4.4',
      serviceAccount: 'real',
      capture: 'gateway',
    });
  });

  it.each<[string, object | undefined, boolean]>([
    ['without status', undefined, true],
    ['with an address', { addresses: [{ type: 'IPAddress', value: '10.0.0.9' }] }, true],
    ['with a status but no address', { addresses: [] }, false],
  ])('%s count as ready or not: %j', (_, status, ready) => {
    expect(get(inventoryOf(waypoint('gate', status === undefined ? {} : { status })).gateways, 'shop/gate').ready).toBe(ready);
  });

  it.each([
    [{}, {}, 'service'],
    [{ 'istio.io/waypoint-for': 'all' }, {}, 'all'],
    [{}, { 'istio.io/waypoint-for': 'workload' }, 'workload'],
    [{ 'istio.io/waypoint-for': 'none' }, { 'istio.io/waypoint-for': 'all' }, 'none'],
    [{ 'istio.io/waypoint-for': 'services' }, {}, 'none'],
  ])('with labels %j on the Gateway and %j on its class serve: %s', (labels, classLabels, expected) => {
    const manifests = documents(
      gatewayClass('istio-waypoint', 'istio.io/mesh-controller', classLabels),
      waypoint('gate', { metadata: { labels } }),
    );
    expect(get(inventoryOf(manifests).gateways, 'shop/gate').waypointFor).toBe(expected);
  });
});

describe('references to nothing', () => {
  const route = (spec: object) =>
    JSON.stringify({
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'HTTPRoute',
      metadata: { name: 'r', namespace: 'shop' },
      spec,
    });
  const target = (group: string, kind: string) => policy('p', { targetRefs: [{ group, kind, name: 'gone' }] });
  const tls = { mode: 'Terminate', certificateRefs: [{ name: 'gone' }] };

  it.each([
    ['a targetRef to a Service', target('', 'Service'), 'target-not-found'],
    ['a targetRef to a Gateway', target('gateway.networking.k8s.io', 'Gateway'), 'target-not-found'],
    ['a parentRef', route({ parentRefs: [{ name: 'gone' }] }), 'parent-not-found'],
    [
      'a backendRef',
      documents(
        waypoint('gate'),
        route({ parentRefs: [{ name: 'gate' }], rules: [{ backendRefs: [{ name: 'gone', port: 80 }] }] }),
      ),
      'backend-not-found',
    ],
    [
      'a port of a backendRef',
      documents(serviceOf('web'), pod('web'), route({ rules: [{ backendRefs: [{ name: 'web', port: 81 }] }] })),
      'backend-not-found',
    ],
    [
      'a certificateRef',
      waypoint('gate', { className: 'istio', listener: { port: 443, protocol: 'HTTPS', tls } }),
      'certificate-not-found',
    ],
    [
      'a backendRef to another namespace without its grant',
      documents(
        waypoint('gate'),
        serviceOf('far', {}, { namespace: 'other' }),
        route({ parentRefs: [{ name: 'gate' }], rules: [{ backendRefs: [{ name: 'far', namespace: 'other', port: 80 }] }] }),
      ),
      'reference-not-granted',
    ],
    [
      'a certificateRef to another namespace without its grant',
      waypoint('gate', {
        className: 'istio',
        listener: { port: 443, protocol: 'HTTPS', tls: { ...tls, certificateRefs: [{ name: 'c', namespace: 'other' }] } },
      }),
      'reference-not-granted',
    ],
    [
      'a named target port',
      documents(pod('web'), serviceOf('web', { ports: [{ port: 80, targetPort: 'http' }] })),
      'unresolved-target-port',
    ],
  ])('%s is a finding', (_, manifests, code) => {
    const { diagnostics } = build(manifests);
    expect(diagnostics.map((diagnostic) => [diagnostic.code, diagnostic.kind, diagnostic.span.file])).toEqual([
      [code, 'finding', 'mesh.yaml'],
    ]);
  });

  it('are none where the object exists', () => {
    const manifests = documents(
      serviceOf('gone'),
      waypoint('other'),
      target('', 'Service'),
      route({ parentRefs: [{ name: 'other' }] }),
    );
    expect(build(manifests).diagnostics).toEqual([]);
  });
});

describe('the inventory as a whole', () => {
  it('does not depend on the order of the manifests', () => {
    const texts = [
      namespace('shop'),
      pod('web', { ports: [{ name: 'http', containerPort: 8080 }] }),
      pod('db'),
      pod('dup', { ip: '10.0.0.1' }),
      pod('dup2', { ip: '10.0.0.1' }),
      controller('Deployment', 'cart', { replicas: 2 }),
      controller('StatefulSet', 'db', { replicas: 1 }),
      serviceOf('web'),
      serviceOf('db', { ports: [{ port: 5432, targetPort: 'sql' }] }),
      waypoint('gate'),
      policy('a', {}),
      policy('b', { action: 'DENY', rules: [{}] }),
    ];
    // Every document a file of its own, so that its spans do not depend on its neighbours.
    const files = texts.map((text, index) => ({ path: `${index}.yaml`, text }));
    const expected = buildInventory(loadResources(files, strict).set, strict);
    fc.assert(
      fc.property(fc.shuffledSubarray(files, { minLength: files.length }), (shuffled) => {
        const { inventory, diagnostics } = buildInventory(loadResources(shuffled, strict).set, strict);
        expect(diagnostics).toEqual(expected.diagnostics);
        expect([...inventory.workloads]).toEqual([...expected.inventory.workloads]);
        expect([...inventory.services]).toEqual([...expected.inventory.services]);
        expect(inventory.policies).toEqual(expected.inventory.policies);
      }),
      { numRuns: 40 },
    );
  });

  it('gives a second workload of one name another one, and says so', () => {
    const entry = JSON.stringify({
      apiVersion: 'networking.istio.io/v1',
      kind: 'WorkloadEntry',
      metadata: { name: 'web', namespace: 'shop' },
      spec: { address: '10.7.0.1' },
    });
    const { inventory, diagnostics } = build(documents(pod('web'), entry));
    expect(keysOf(inventory)).toEqual(['shop/web', 'shop/web-workloadentry']);
    expect(diagnostics.map(({ code }) => code)).toEqual(['duplicate-workload']);
  });

  it('always knows a namespace by its name label', () => {
    expect(inventoryOf(namespace('shop', { a: 'b' })).namespaceLabels('shop')).toEqual({
      a: 'b',
      'kubernetes.io/metadata.name': 'shop',
    });
    expect(inventoryOf(namespace('shop')).namespaceLabels('other')).toEqual({ 'kubernetes.io/metadata.name': 'other' });
  });

  it('treats a label that is a name of the prototype like any other', () => {
    const inventory = inventoryOf(documents(pod('web'), serviceOf('web', { selector: { constructor: 'x' } })));
    expect(service(inventory, 'shop/web').workloads).toEqual([]);
  });
});
