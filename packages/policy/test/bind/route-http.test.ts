import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HttpRouting } from '../../src/bind/route.js';
import { routeHttp } from '../../src/bind/route-http.js';
import { routeTcp } from '../../src/bind/route-tcp.js';
import type { Inventory } from '../../src/inventory/inventory.js';
import {
  documents,
  gateway,
  ingress,
  inventoryOf,
  namespace,
  pod,
  service,
  serviceOf,
  waypoint,
} from '../inventory/manifests.js';

interface RouteOptions {
  readonly kind?: string;
  readonly namespace?: string;
  readonly created?: string;
}

function route(name: string, spec: object, { kind = 'HTTPRoute', namespace: ns = 'shop', created }: RouteOptions = {}): string {
  return JSON.stringify({
    apiVersion: kind === 'HTTPRoute' ? 'gateway.networking.k8s.io/v1' : 'gateway.networking.k8s.io/v1alpha2',
    kind,
    metadata: { name, namespace: ns, creationTimestamp: created },
    spec,
  });
}

/** What lets routes of another namespace send to services. */
function grant(ns: string, from: string, kind = 'HTTPRoute', to: object = {}): string {
  return JSON.stringify({
    apiVersion: 'gateway.networking.k8s.io/v1beta1',
    kind: 'ReferenceGrant',
    metadata: { name: `${kind}-${from}`.toLowerCase(), namespace: ns },
    spec: {
      from: [{ group: 'gateway.networking.k8s.io', kind, namespace: from }],
      to: [{ group: '', kind: 'Service', ...to }],
    },
  });
}

const toFront = { parentRefs: [{ name: 'front' }] };
const toWeb = { parentRefs: [{ group: '', kind: 'Service', name: 'web' }] };
const to = (name: string, more: object = {}) => ({ name, port: 80, ...more });
const rule = (backend: string, ...matches: object[]) => ({ matches, backendRefs: [to(backend)] });
const path = (value: string, type = 'PathPrefix') => ({ path: { type, value } });

const mesh = [
  namespace('shop'),
  namespace('other', { team: 'x' }),
  ...['web', 'a', 'b', 'c'].map((name) => serviceOf(name)),
  pod('web'),
  waypoint('gate'),
];

interface Asked {
  readonly path?: string;
  readonly host?: string;
  readonly method?: string;
  readonly headers?: readonly (readonly [string, string])[];
}

const request = ({ path: asked = '/', host = 'shop.example', method = 'GET', headers = [] }: Asked) => ({
  path: asked,
  authority: host,
  method,
  headers,
});

function show(routing: HttpRouting): string {
  if (routing.kind !== 'backends') return routing.kind;
  return routing.backends
    .map(({ service: { name }, port, weight }) => (routing.backends.length > 1 ? `${name}:${port}*${weight}` : name))
    .join(' ');
}

function atGateway(asked: Asked, manifests: readonly string[], listenerName = 'http', listeners?: readonly object[]): string {
  const inventory = inventoryOf(documents(...mesh, ingress('front', listeners), ...manifests));
  return show(routeHttp(inventory, { gateway: gateway(inventory, 'shop/front'), listenerName }, request(asked)));
}

function atWaypoint(asked: Asked, manifests: readonly string[], port = 80): string {
  const inventory = inventoryOf(documents(...mesh, ...manifests));
  return show(routeHttp(inventory, { service: service(inventory, 'shop/web'), port }, request(asked)));
}

describe('paths of HTTPRoutes', () => {
  const routes = [
    route('r', {
      ...toFront,
      rules: [rule('a', path('/shop')), rule('b', path('/shop/cart')), rule('c', path('/shop', 'Exact'))],
    }),
  ];
  it.each([
    ['/shop', 'c'],
    ['/shop?x=1', 'c'],
    ['/shop/', 'a'],
    ['/shop/list', 'a'],
    ['/shopping', 'none'],
    ['/shop/cart', 'b'],
    ['/shop/cart/1', 'b'],
    ['/shop/cartoon', 'a'],
    ['/', 'none'],
    ['/Shop', 'none'],
  ])('send %s to %s', (asked, expected) => {
    expect(atGateway({ path: asked }, routes)).toBe(expected);
  });
});

describe('the precedence of HTTPRoute matches', () => {
  it.each<[title: string, asked: Asked, manifests: string[], expected: string]>([
    [
      'a longer prefix beats a method',
      { path: '/a/b' },
      [route('r', { ...toFront, rules: [rule('a', { ...path('/a'), method: 'GET' }), rule('b', path('/a/b'))] })],
      'b',
    ],
    [
      'a method beats headers',
      { headers: [['x', '1']] },
      [route('r', { ...toFront, rules: [rule('a', { headers: [{ name: 'x', value: '1' }] }), rule('b', { method: 'GET' })] })],
      'b',
    ],
    [
      'more headers beat fewer',
      {
        headers: [
          ['x', '1'],
          ['y', '2'],
        ],
      },
      [
        route('r', {
          ...toFront,
          rules: [
            rule('a', { headers: [{ name: 'x', value: '1' }] }),
            rule('b', {
              headers: [
                { name: 'X', value: '1' },
                { name: 'y', value: '2' },
              ],
            }),
          ],
        }),
      ],
      'b',
    ],
    [
      'the older route beats the newer',
      {},
      [
        route('a', { ...toFront, rules: [rule('a')] }, { created: '2024-02-01T00:00:00Z' }),
        route('b', { ...toFront, rules: [rule('b')] }, { created: '2024-01-01T00:00:00Z' }),
      ],
      'b',
    ],
    [
      'the name decides between equally old ones',
      {},
      [route('y', { ...toFront, rules: [rule('a')] }), route('x', { ...toFront, rules: [rule('b')] })],
      'b',
    ],
    ['the first rule decides at last', {}, [route('r', { ...toFront, rules: [rule('a'), rule('b')] })], 'a'],
  ])('%s', (_, asked, manifests, expected) => {
    expect(atGateway(asked, manifests)).toBe(expected);
  });
});

describe('host names of HTTPRoutes', () => {
  const routes = [
    route('any', { ...toFront, rules: [rule('a')] }),
    route('wild', { ...toFront, hostnames: ['*.example.com'], rules: [rule('b', path('/b'))] }),
    route('exact', { ...toFront, hostnames: ['www.example.com'], rules: [rule('c', path('/c'))] }),
  ];
  it.each([
    ['other.org', '/b', 'a'],
    ['api.example.com', '/b', 'b'],
    ['API.EXAMPLE.COM:8080', '/b', 'b'],
    ['a.b.example.com', '/b', 'b'],
    ['example.com', '/b', 'a'],
    ['www.example.com', '/c', 'c'],
    ['www.example.com.', '/c', 'c'],
    ['[::1]:80', '/', 'a'],
  ])('send %s%s to %s', (host, asked, expected) => {
    expect(atGateway({ host, path: asked }, routes)).toBe(expected);
  });

  it('do not fall through from the most specific host to a wider one', () => {
    expect(atGateway({ host: 'www.example.com', path: '/b' }, routes)).toBe('none');
  });

  it('are narrowed by the listener', () => {
    const listeners = [{ name: 'http', port: 80, protocol: 'HTTP', hostname: '*.example.com' }];
    const wide = [route('any', { ...toFront, rules: [rule('a')] })];
    expect(atGateway({ host: 'www.example.com' }, wide, 'http', listeners)).toBe('a');
    expect(atGateway({ host: 'www.example.org' }, wide, 'http', listeners)).toBe('none');
  });
});

describe('belonging to a listener', () => {
  const listeners = [
    { name: 'http', port: 80, protocol: 'HTTP' },
    { name: 'open', port: 8080, protocol: 'HTTP', allowedRoutes: { namespaces: { from: 'All' } } },
    {
      name: 'chosen',
      port: 8081,
      protocol: 'HTTP',
      allowedRoutes: { namespaces: { from: 'Selector', selector: { matchLabels: { team: 'x' } } } },
    },
  ];
  const elsewhere = (ref: object) => [
    route(
      'r',
      { parentRefs: [{ name: 'front', namespace: 'shop', ...ref }], rules: [{ backendRefs: [to('a', { namespace: 'shop' })] }] },
      { namespace: 'other' },
    ),
    grant('shop', 'other'),
  ];
  it.each<[title: string, listener: string, ref: object, manifests: string[], expected: string]>([
    ['by name', 'http', {}, [route('r', { parentRefs: [{ name: 'front', sectionName: 'http' }], rules: [rule('a')] })], 'a'],
    [
      'by another name',
      'open',
      {},
      [route('r', { parentRefs: [{ name: 'front', sectionName: 'http' }], rules: [rule('a')] })],
      'none',
    ],
    ['by port', 'open', {}, [route('r', { parentRefs: [{ name: 'front', port: 8080 }], rules: [rule('a')] })], 'a'],
    ['by another port', 'http', {}, [route('r', { parentRefs: [{ name: 'front', port: 8080 }], rules: [rule('a')] })], 'none'],
    ['from elsewhere, with Same', 'http', {}, elsewhere({}), 'none'],
    ['from elsewhere, with All', 'open', {}, elsewhere({}), 'a'],
    ['from elsewhere, with a selector that matches', 'chosen', {}, elsewhere({}), 'a'],
    ['to a listener that does not exist', 'gone', {}, elsewhere({}), 'none'],
  ])('%s', (_, listener, __, manifests, expected) => {
    expect(atGateway({}, manifests, listener, listeners)).toBe(expected);
  });
});

describe('a service as the parent', () => {
  it.each<[title: string, manifests: string[], expected: string]>([
    ['is its own backend without routes', [], 'web'],
    ['sends where its route says', [route('r', { ...toWeb, rules: [rule('a')] })], 'a'],
    ['answers 404 where none of its routes matches', [route('r', { ...toWeb, rules: [rule('a', path('/x'))] })], 'none'],
    ['matches whatever the host', [route('r', { ...toWeb, hostnames: ['x.example'], rules: [rule('a')] })], 'a'],
    ['takes a route for its port', [route('r', { parentRefs: [{ ...toWeb.parentRefs[0], port: 80 }], rules: [rule('a')] })], 'a'],
    [
      'ignores a route for another port',
      [route('r', { parentRefs: [{ ...toWeb.parentRefs[0], port: 81 }], rules: [rule('a')] })],
      'web',
    ],
    [
      'lets no other namespace redirect it',
      [route('r', { parentRefs: [{ ...toWeb.parentRefs[0], namespace: 'shop' }], rules: [rule('a')] }, { namespace: 'other' })],
      'web',
    ],
  ])('%s', (_, manifests, expected) => {
    expect(atWaypoint({}, manifests)).toBe(expected);
  });
});

describe('backends', () => {
  const backends = (...refs: object[]) => [route('r', { ...toFront, rules: [{ backendRefs: refs }] })];
  it.each<[title: string, manifests: string[], expected: string]>([
    [
      'share by weight, and weight 0 gets nothing',
      backends(to('a', { weight: 9 }), to('b'), to('c', { weight: 0 })),
      'a:80*9 b:80*1',
    ],
    ['that do not exist make the rule invalid', backends(to('a'), to('gone')), 'invalid'],
    ['whose port does not exist make the rule invalid', backends({ name: 'a', port: 81 }), 'invalid'],
    ['without any weight make the rule invalid', backends(to('a', { weight: 0 })), 'invalid'],
    ['may be none, which is invalid', backends(), 'invalid'],
  ])('%s', (_, manifests, expected) => {
    expect(atGateway({}, manifests)).toBe(expected);
  });
});

describe('a backend of another namespace', () => {
  const far = (...more: object[]) =>
    route('r', { ...toFront, rules: [{ backendRefs: [to('far', { namespace: 'other' }), ...more] }] });
  const there = serviceOf('far', {}, { namespace: 'other' });

  it.each<[title: string, grants: string[], expected: string]>([
    ['without a grant makes the rule invalid', [], 'invalid'],
    ['is reached with a grant for all services', [grant('other', 'shop')], 'far'],
    ['is reached with a grant for it', [grant('other', 'shop', 'HTTPRoute', { name: 'far' })], 'far'],
    ['is not for a grant for another service', [grant('other', 'shop', 'HTTPRoute', { name: 'near' })], 'invalid'],
    ['is not for a grant with an empty name', [grant('other', 'shop', 'HTTPRoute', { name: '' })], 'invalid'],
    ['is not for a grant for Secrets', [grant('other', 'shop', 'HTTPRoute', { kind: 'Secret' })], 'invalid'],
    ['is not for a grant of another group', [grant('other', 'shop', 'HTTPRoute', { group: 'example.org' })], 'invalid'],
    ['is not for a grant to another kind', [grant('other', 'shop', 'TCPRoute')], 'invalid'],
    ['is not for a grant to another namespace', [grant('other', 'third')], 'invalid'],
    ['is not for a grant in the namespace of the route', [grant('shop', 'shop'), grant('shop', 'other')], 'invalid'],
  ])('%s', (_, grants, expected) => {
    expect(atGateway({}, [there, far(), ...grants])).toBe(expected);
  });

  it('takes a rule with it whose other backends need no grant', () => {
    expect(atGateway({}, [there, far(to('a'))])).toBe('invalid');
  });

  it('of weight 0 needs no grant', () => {
    const idle = route('r', { ...toFront, rules: [{ backendRefs: [to('far', { namespace: 'other', weight: 0 }), to('a')] }] });
    expect(atGateway({}, [there, idle])).toBe('a');
  });

  it('given by host name cannot be granted', () => {
    const named = { group: 'networking.istio.io', kind: 'Hostname', name: 'far.other.svc.cluster.local', port: 80 };
    const rules = (namespace: object) => [route('r', { ...toFront, rules: [{ backendRefs: [{ ...named, ...namespace }] }] })];
    expect(atGateway({}, [there, ...rules({})])).toBe('far');
    const hosts = grant('other', 'shop', 'HTTPRoute', { group: 'networking.istio.io', kind: 'Hostname' });
    expect(atGateway({}, [there, hosts, ...rules({ namespace: 'other' })])).toBe('invalid');
  });

  it('needs no grant of a route at a waypoint, as upstream asks none there', () => {
    expect(atWaypoint({}, [there, route('r', { ...toWeb, rules: [{ backendRefs: [to('far', { namespace: 'other' })] }] })])).toBe(
      'far',
    );
  });
});

describe('TCP routes', () => {
  const tcp = (spec: object) =>
    route('r', { rules: [{ backendRefs: [to('a', { weight: 3 }), to('b')] }], ...spec }, { kind: 'TCPRoute' });
  const parents = (inventory: Inventory) => ({
    gateway: { gateway: gateway(inventory, 'shop/front'), listenerName: 'tcp' },
    service: { service: service(inventory, 'shop/web'), port: 80 },
  });
  const ask = (which: 'gateway' | 'service', ...manifests: string[]) => {
    const inventory = inventoryOf(
      documents(...mesh, ingress('front', [{ name: 'tcp', port: 5432, protocol: 'TCP' }]), ...manifests),
    );
    return show(routeTcp(inventory, parents(inventory)[which]));
  };

  it('send a listener to their backends', () => {
    expect(ask('gateway', tcp(toFront))).toBe('a:80*3 b:80*1');
  });

  it('send a service to their backends', () => {
    expect(ask('service', tcp(toWeb))).toBe('a:80*3 b:80*1');
  });

  it('of a listener need a grant for backends of another namespace', () => {
    const there = serviceOf('far', {}, { namespace: 'other' });
    const far = tcp({ ...toFront, rules: [{ backendRefs: [to('far', { namespace: 'other' })] }] });
    expect(ask('gateway', there, far)).toBe('invalid');
    expect(ask('gateway', there, far, grant('other', 'shop'))).toBe('invalid');
    expect(ask('gateway', there, far, grant('other', 'shop', 'TCPRoute'))).toBe('far');
  });

  it('leave a service its own backend, and a listener none', () => {
    expect(ask('service')).toBe('web');
    expect(ask('gateway')).toBe('none');
  });
});

describe('routing', () => {
  it('does not depend on the order of the manifests', () => {
    const routes = [
      route('x', { ...toFront, rules: [rule('a', path('/a')), rule('b')] }),
      route('y', { ...toFront, hostnames: ['*.example'], rules: [rule('c', path('/a')), rule('a')] }),
      route('z', { ...toFront, hostnames: ['shop.example'], rules: [rule('b', path('/a')), rule('c')] }),
      route('w', { ...toFront, hostnames: ['shop.example'], rules: [rule('a', { method: 'GET' })] }),
    ];
    fc.assert(
      fc.property(
        fc.shuffledSubarray(routes, { minLength: routes.length }),
        fc.constantFrom('/', '/a', '/a/b', '/b'),
        fc.constantFrom('shop.example', 'a.example', 'org'),
        (shuffled, asked, host) => {
          expect(atGateway({ path: asked, host }, shuffled)).toBe(atGateway({ path: asked, host }, routes));
        },
      ),
      { numRuns: 60 },
    );
  });
});
