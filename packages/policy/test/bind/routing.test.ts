import { describe, expect, it } from 'vitest';
import { acceptAtWaypoint, acceptAtZtunnel, parseAuthority } from '../../src/bind/accept.js';
import { resolveHost } from '../../src/bind/resolve-host.js';
import type { InboundTarget, OutboundRoute } from '../../src/bind/route.js';
import { routeFromGate, routeFromWorkload } from '../../src/bind/route-outbound.js';
import type { Inventory } from '../../src/inventory/inventory.js';
import type { Dialect } from '../../src/resource/dialect.js';
import { strict, upstream } from '../../src/resource/dialect.js';
import {
  documents,
  gateway,
  ingress,
  inventoryOf,
  l7Rule,
  namespace,
  pod,
  policy,
  service,
  serviceOf,
  waypoint,
  workload,
} from '../inventory/manifests.js';

const entry = (name: string, spec: object, ns = 'shop') =>
  JSON.stringify({ apiVersion: 'networking.istio.io/v1', kind: 'ServiceEntry', metadata: { name, namespace: ns }, spec });
const http = [{ name: 'http', number: 80, protocol: 'HTTP' }];
const vip = (address: string, more: object = {}) => ({ clusterIP: address, clusterIPs: [address], ...more });

const mesh = documents(
  namespace('shop'),
  namespace('out', {}),
  pod('client', { ip: '10.0.0.1' }),
  pod('web', { ip: '10.0.0.2', ports: [{ name: 'web', containerPort: 8080 }] }),
  pod('db-0', { ip: '10.0.0.3', labels: { app: 'db' } }),
  pod('plain', { ip: '10.0.0.4', namespace: 'out' }),
  pod('sleeping', { ip: '10.0.0.5', ready: false }),
  pod('guarded', { ip: '10.0.0.6', labels: { app: 'guarded', 'istio.io/use-waypoint': 'podgate' } }),
  serviceOf('web', vip('10.96.0.1')),
  serviceOf('behind', vip('10.96.0.2', { selector: { app: 'web' } }), { labels: { 'istio.io/use-waypoint': 'gate' } }),
  serviceOf('broken', vip('10.96.0.3', { selector: { app: 'web' } }), { labels: { 'istio.io/use-waypoint': 'gone' } }),
  serviceOf('db', { clusterIP: 'None', ports: [{ name: 'tcp', port: 5432 }] }),
  serviceOf('sleeping', vip('10.96.0.5')),
  serviceOf('alias', { type: 'ExternalName', externalName: 'web.shop.svc.cluster.local', selector: undefined }),
  serviceOf('plain', vip('10.96.0.6'), { namespace: 'out' }),
  waypoint('gate', { listener: { allowedRoutes: { namespaces: { from: 'All' } } } }),
  waypoint('podgate', { metadata: { labels: { 'istio.io/waypoint-for': 'workload' } } }),
  ingress('front'),
  entry('api', { hosts: ['api.example.com'], ports: http, resolution: 'DNS', location: 'MESH_EXTERNAL' }),
  entry('wild', { hosts: ['*.wild.example'], ports: http, resolution: 'NONE', location: 'MESH_EXTERNAL' }),
  entry('private', { hosts: ['private.example'], ports: http, resolution: 'DNS', exportTo: ['.'] }, 'out'),
  entry('inline', {
    hosts: ['inline.example'],
    ports: [{ ...http[0], targetPort: 9090 }],
    resolution: 'STATIC',
    location: 'MESH_INTERNAL',
    endpoints: [{ address: '10.0.0.2' }],
  }),
);

function show(route: OutboundRoute): string {
  switch (route.kind) {
    case 'waypoint':
      return `waypoint ${route.gateway.key} for ${route.authority}`;
    case 'hbone':
    case 'plaintext':
      return `${route.kind} ${route.endpoints.map(({ workload: { key }, port }) => `${key}:${port}`).join(' ')}`;
    case 'passthrough':
      return `passthrough ${route.host}:${route.port}`;
    case 'refused':
      return `refused ${route.reason}`;
    case 'split':
      return route.ways.map((way) => `${way.weight} % ${show(way.route)}`).join(', ');
  }
}

function routed(dialect: Dialect, client: string, host: string, port: number): string {
  const inventory = inventoryOf(mesh, dialect);
  return show(routeFromWorkload(inventory, workload(inventory, client), { host, port }));
}

/** Reference section 7.3; `upstream` only where it differs. */
const outbound: readonly [title: string, host: string, port: number, strict: string, upstream?: string][] = [
  ['a service by its short name', 'web', 80, 'hbone shop/web:8080'],
  ['a service by its address', '10.96.0.1', 80, 'hbone shop/web:8080'],
  ['a port that the service does not have', 'web', 81, 'refused unknown-port'],
  ['a service with a waypoint', 'behind', 80, 'waypoint shop/gate for 10.96.0.2:80'],
  ['a service whose waypoint does not exist', 'broken', 80, 'refused waypoint-unavailable', 'hbone shop/web:8080'],
  ['a service without ready endpoints', 'sleeping', 80, 'refused no-endpoints'],
  ['a service whose pods have no ztunnel', 'plain.out', 80, 'plaintext out/plain:8080'],
  ['a headless service, at the port of the pod', 'db', 5432, 'hbone shop/db-0:5432'],
  ['an alias of a service', 'alias', 80, 'hbone shop/web:8080'],
  ['a pod by its address', '10.0.0.2', 9999, 'hbone shop/web:9999'],
  ['a pod without ztunnel', '10.0.0.4', 8080, 'plaintext out/plain:8080'],
  ['a pod with a waypoint', '10.0.0.6', 8080, 'waypoint shop/podgate for 10.0.0.6:8080'],
  ['a host of a ServiceEntry', 'api.example.com', 80, 'passthrough api.example.com:80'],
  ['a wildcard host of a ServiceEntry', 'a.b.wild.example', 80, 'passthrough a.b.wild.example:80'],
  ['an inline endpoint that is a workload', 'inline.example', 80, 'hbone shop/web:9090'],
  ['a name outside', 'example.org', 443, 'passthrough example.org:443'],
  ['an address outside', '192.0.2.7', 443, 'passthrough 192.0.2.7:443'],
  ['a service that does not exist', 'nothing', 80, 'refused unknown-host'],
  ['a full service name that does not exist', 'nothing.shop.svc.cluster.local', 80, 'refused unknown-host'],
  ['loopback', '127.0.0.1', 80, 'refused illegal-target'],
  ['loopback by name', 'localhost', 80, 'refused illegal-target'],
  ['loopback of IPv6', '::1', 80, 'refused illegal-target'],
  ['loopback as an IPv4-mapped address', '::ffff:127.0.0.1', 80, 'refused illegal-target'],
  ['a link-local address', '169.254.169.254', 80, 'refused illegal-target'],
  ['the unspecified address', '0.0.0.0', 80, 'refused illegal-target'],
  ['the HBONE port of a pod', '10.0.0.2', 15008, 'refused illegal-target'],
  ['the outbound port of a pod', '10.0.0.2', 15001, 'refused illegal-target'],
  ['the HBONE port of an address outside', '192.0.2.7', 15008, 'refused illegal-target'],
];

describe('a captured client that dials', () => {
  it.each(outbound)('%s', (_, host, port, inStrict, inUpstream = inStrict) => {
    expect(routed(strict, 'shop/client', host, port)).toBe(inStrict);
    expect(routed(upstream, 'shop/client', host, port)).toBe(inUpstream);
  });

  it('the address of a waypoint is refused', () => {
    const inventory = inventoryOf(mesh);
    const { address } = gateway(inventory, 'shop/gate').workload;
    expect(show(routeFromWorkload(inventory, workload(inventory, 'shop/client'), { host: address, port: 80 }))).toBe(
      'refused illegal-target',
    );
  });

  it('the address of an ingress gateway reaches its listener in plain', () => {
    const inventory = inventoryOf(mesh);
    const { address } = gateway(inventory, 'shop/front').workload;
    expect(show(routeFromWorkload(inventory, workload(inventory, 'shop/client'), { host: address, port: 80 }))).toBe(
      'plaintext shop/front-istio:80',
    );
  });
});

describe('a host outside the mesh that a policy targets', () => {
  const api = entry('api', { hosts: ['api.example.com'], ports: http, resolution: 'DNS', location: 'MESH_EXTERNAL' });
  const targeting = (metadata: object = {}) =>
    policy('p', { targetRefs: [{ group: 'networking.istio.io', kind: 'ServiceEntry', name: 'api' }], rules: [l7Rule] }, metadata);
  const dial = (dialect: Dialect, ...manifests: string[]) => {
    const inventory = inventoryOf(documents(namespace('shop'), pod('client'), api, ...manifests), dialect);
    return show(routeFromWorkload(inventory, workload(inventory, 'shop/client'), { host: 'api.example.com', port: 80 }));
  };

  it('is refused in strict without a waypoint, as nothing would enforce the policy', () => {
    expect(dial(strict, targeting())).toBe('refused waypoint-unavailable');
    expect(dial(upstream, targeting())).toBe('passthrough api.example.com:80');
  });

  it('is reached in strict while the policy is a dry run', () => {
    expect(dial(strict, targeting({ annotations: { 'istio.io/dry-run': 'true' } }))).toBe('passthrough api.example.com:80');
  });
});

describe('a client without ztunnel that dials', () => {
  it.each([
    ['a service with a waypoint goes past it', 'behind.shop', 80, 'plaintext shop/web:8080'],
    ['a pod with a waypoint goes past it', '10.0.0.6', 8080, 'plaintext shop/guarded:8080'],
    ['a service whose waypoint does not exist does not notice', 'broken.shop', 80, 'plaintext shop/web:8080'],
  ])('%s', (_, host, port, expected) => {
    expect(routed(strict, 'out/plain', host, port)).toBe(expected);
  });
});

describe('the onward hop', () => {
  function onward(
    gate: 'gate' | 'front',
    labels: object,
    ns: Readonly<Record<string, string>> = {},
    dialect: Dialect = strict,
  ): string {
    const inventory = inventoryOf(
      documents(
        namespace('shop', { 'istio.io/dataplane-mode': 'ambient', ...ns }),
        pod('web'),
        serviceOf('web', vip('10.96.0.1'), { labels: { 'istio.io/use-waypoint': 'gate', ...labels } }),
        waypoint('gate'),
        ingress('front'),
      ),
      dialect,
    );
    return show(routeFromGate(inventory, gateway(inventory, `shop/${gate}`), service(inventory, 'shop/web'), 80));
  }
  const label = 'istio.io/ingress-use-waypoint';

  it('of a waypoint goes to the endpoints', () => {
    expect(onward('gate', { [label]: 'true' })).toBe('hbone shop/web:8080');
  });

  it('of an ingress gateway goes past the waypoint', () => {
    expect(onward('front', {})).toBe('hbone shop/web:8080');
  });

  it.each([['true'], ['1'], ['T']])('of an ingress gateway goes through the waypoint where the service says %s', (value) => {
    expect(onward('front', { [label]: value })).toBe('waypoint shop/gate for 10.96.0.1:80');
  });

  it('of an ingress gateway goes through the waypoint where the namespace says so, unless the service objects', () => {
    expect(onward('front', {}, { [label]: 'true' })).toBe('waypoint shop/gate for 10.96.0.1:80');
    expect(onward('front', { [label]: 'false' }, { [label]: 'true' })).toBe('hbone shop/web:8080');
  });

  it('of an ingress gateway goes past the waypoint where the control plane turned the label off', () => {
    const off: Dialect = { name: 'upstream', flags: { ENABLE_INGRESS_WAYPOINT_ROUTING: 'false' } };
    expect(onward('front', { [label]: 'true' }, {}, off)).toBe('hbone shop/web:8080');
  });

  it('of an ingress gateway is refused in strict where the waypoint that it should take is missing', () => {
    expect(onward('front', { [label]: 'true', 'istio.io/use-waypoint': 'gone' })).toBe('refused waypoint-unavailable');
    expect(onward('front', { [label]: 'true', 'istio.io/use-waypoint': 'gone' }, {}, upstream)).toBe('hbone shop/web:8080');
  });
});

describe('a CONNECT authority', () => {
  function shown(target: InboundTarget): string {
    if (target.kind === 'refused') return `${target.status}`;
    return target.kind === 'workload'
      ? `${target.workload.key}:${target.port}`
      : `${target.service.key}:${target.servicePort.port}`;
  }
  const inventory = inventoryOf(mesh);

  it.each([
    ['its own address', '10.0.0.2:8080', 'shop/web:8080'],
    ['a port that nothing declares', '10.0.0.2:9', 'shop/web:9'],
    ['another address', '10.0.0.3:8080', '400'],
    ['the address of a service', '10.96.0.1:80', '400'],
    ['a service that it is behind', 'web.shop.svc.cluster.local:80', 'shop/web:8080'],
    ['that service in capitals', 'WEB.shop.svc.cluster.local:80', 'shop/web:8080'],
    ['a service that it is not behind', 'db.shop.svc.cluster.local:5432', '503'],
    ['a service that does not exist', 'gone.shop.svc.cluster.local:80', '503'],
    ['a port of ztunnel', '10.0.0.2:15008', '503'],
    ['no port', '10.0.0.2', '400'],
    ['nothing', '', '400'],
  ])('with %s, at the ztunnel', (_, authority, expected) => {
    expect(shown(acceptAtZtunnel(inventory, workload(inventory, 'shop/web'), authority))).toBe(expected);
  });

  it.each([
    ['gate', 'the address of its service', '10.96.0.2:80', 'Service/shop/behind:80'],
    ['gate', 'the name of its service', 'behind.shop.svc.cluster.local:80', 'Service/shop/behind:80'],
    ['gate', 'a port that the service does not have', '10.96.0.2:81', '503'],
    ['gate', 'a service that it does not serve', '10.96.0.1:80', '400'],
    ['gate', 'a workload that it does not serve', '10.0.0.2:8080', '400'],
    ['gate', 'a workload of another waypoint', '10.0.0.6:8080', '400'],
    ['gate', 'an address that nobody has', '192.0.2.1:80', '400'],
    ['podgate', 'its workload', '10.0.0.6:8080', 'shop/guarded:8080'],
    ['podgate', 'a port of ztunnel', '10.0.0.6:15008', '503'],
    ['podgate', 'a service of another waypoint', '10.96.0.2:80', '400'],
  ])('at waypoint %s with %s', (name, _, authority, expected) => {
    expect(shown(acceptAtWaypoint(inventory, gateway(inventory, `shop/${name}`), authority))).toBe(expected);
  });

  it.each([
    'a:0',
    'a:65536',
    'a:-1',
    'a:1e3',
    'a: 80',
    ':80',
    '::1:80',
    '[::1:80',
    '[web]:80',
    'a b:80',
    'a/b:80',
    `${'a'.repeat(300)}:80`,
  ])('`%s` is none', (text) => {
    expect(parseAuthority(text)).toBeUndefined();
  });

  it('may hold an IPv6 address in brackets', () => {
    expect(parseAuthority('[2001:DB8:0::1]:80')).toEqual({ host: '2001:db8::1', address: '2001:db8::1', port: 80 });
  });
});

describe('a name', () => {
  const inventory: Inventory = inventoryOf(
    documents(
      mesh,
      serviceOf('web', {}, { namespace: 'out' }),
      entry('same-a', { hosts: ['same.example'], ports: http, resolution: 'DNS' }, 'a'),
      entry('same-shop', { hosts: ['same.example'], ports: http, resolution: 'DNS' }, 'shop'),
      entry('deep', { hosts: ['*.b.wild.example'], ports: http, resolution: 'NONE' }),
    ),
  );

  it.each([
    ['web', 'shop', 'Service/shop/web'],
    ['web', 'out', 'Service/out/web'],
    ['web.out', 'shop', 'Service/out/web'],
    ['web.out.svc', 'shop', 'Service/out/web'],
    ['web.out.svc.cluster.local', 'shop', 'Service/out/web'],
    ['WEB.Out.Svc.Cluster.Local.', 'shop', 'Service/out/web'],
    ['same.example', 'shop', 'ServiceEntry/shop/same-shop/same.example'],
    ['same.example', 'elsewhere', 'ServiceEntry/a/same-a/same.example'],
    ['x.wild.example', 'shop', 'ServiceEntry/shop/wild/*.wild.example'],
    ['x.b.wild.example', 'shop', 'ServiceEntry/shop/deep/*.b.wild.example'],
    ['wild.example', 'shop', undefined],
    ['private.example', 'out', 'ServiceEntry/out/private/private.example'],
    ['private.example', 'shop', undefined],
    ['db-0.db.shop.svc.cluster.local', 'shop', 'shop/db-0'],
    ['db-0.db', 'shop', 'shop/db-0'],
    ['client.shop', 'out', 'shop/client'],
    ['client', 'shop', undefined],
    ['10.0.0.1', 'out', 'shop/client'],
    ['10.96.0.1', 'out', 'Service/shop/web'],
    ['', 'shop', undefined],
  ])('`%s` in namespace %s is %s', (name, ns, key) => {
    expect(resolveHost(inventory, name, ns)?.key).toBe(key);
  });
});
