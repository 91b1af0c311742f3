import { describe, expect, it } from 'vitest';
import { bindGateway } from '../../src/bind/bind-gateway.js';
import { bindWaypoint } from '../../src/bind/bind-waypoint.js';
import type { GateBinding } from '../../src/bind/binding.js';
import { describeUnbound } from '../../src/bind/describe-unbound.js';
import type { Dialect } from '../../src/resource/dialect.js';
import { strict, upstream } from '../../src/resource/dialect.js';
import {
  documents,
  gateway,
  ingress,
  inventoryOf,
  l4Rule,
  l7Rule,
  namespace,
  pod,
  policy,
  service,
  serviceOf,
  waypoint,
  workload,
} from '../inventory/manifests.js';

const root = { namespace: 'istio-system' };
const target = (kind: string, name: string) => ({
  targetRefs: [{ group: kind === 'Service' ? '' : 'gateway.networking.k8s.io', kind, name }],
  rules: [l7Rule],
});

function outcome({ policies, unbound, closures }: GateBinding): string[] {
  return [
    ...closures.map(({ reason }) => `closes, ${reason}`),
    ...policies.map(({ attachment }) => `bound as ${attachment}`),
    ...unbound.map(({ reason }) => `unbound, ${reason}`),
  ];
}

const mesh = [
  namespace('shop', { 'istio.io/dataplane-mode': 'ambient', 'istio.io/use-waypoint': 'gate' }),
  pod('web'),
  serviceOf('web'),
  serviceOf('db'),
  waypoint('gate', { metadata: { labels: { 'istio.io/waypoint-for': 'all' } } }),
];

function forService(dialect: Dialect, ...manifests: readonly string[]): string[] {
  const inventory = inventoryOf(documents(...mesh, ...manifests), dialect);
  return outcome(bindWaypoint(inventory, gateway(inventory, 'shop/gate'), service(inventory, 'shop/web')));
}

function forWorkload(dialect: Dialect, ...manifests: readonly string[]): string[] {
  const inventory = inventoryOf(documents(...mesh, ...manifests), dialect);
  return outcome(bindWaypoint(inventory, gateway(inventory, 'shop/gate'), workload(inventory, 'shop/web')));
}

/** The waypoint row of the table in reference section 5.2, the same in both dialects, for both kinds of traffic. */
const rows: readonly [title: string, manifest: string, service: string[], workload: string[]][] = [
  ['targets its service', policy('p', target('Service', 'web')), ['bound as service'], ['unbound, workload-addressed']],
  [
    'targets another service',
    policy('p', target('Service', 'db')),
    ['unbound, targets-other-object'],
    ['unbound, targets-other-object'],
  ],
  [
    'targets a service of that name elsewhere',
    policy('p', target('Service', 'web'), { namespace: 'other' }),
    ['unbound, other-namespace'],
    [],
  ],
  ['targets the waypoint', policy('p', target('Gateway', 'gate')), ['bound as gateway'], ['bound as gateway']],
  [
    'targets a Gateway of that name elsewhere',
    policy('p', target('Gateway', 'gate'), { namespace: 'other' }),
    ['unbound, other-namespace'],
    ['unbound, other-namespace'],
  ],
  [
    'targets the class, in the root namespace',
    policy('p', target('GatewayClass', 'istio-waypoint'), root),
    ['bound as gateway-class'],
    ['bound as gateway-class'],
  ],
  [
    'targets the class elsewhere',
    policy('p', target('GatewayClass', 'istio-waypoint')),
    ['unbound, gateway-class-outside-root'],
    ['unbound, gateway-class-outside-root'],
  ],
  [
    'has no selector',
    policy('p', { rules: [l4Rule] }),
    ['unbound, namespace-scope-at-waypoint'],
    ['unbound, namespace-scope-at-waypoint'],
  ],
  [
    'has no selector, in the root namespace',
    policy('p', {}, root),
    ['unbound, namespace-scope-at-waypoint'],
    ['unbound, namespace-scope-at-waypoint'],
  ],
  [
    'selects the pods',
    policy('p', { selector: { matchLabels: { app: 'web' } } }),
    ['unbound, selector-at-waypoint'],
    ['unbound, selector-at-waypoint'],
  ],
  ['selects other pods', policy('p', { selector: { matchLabels: { app: 'db' } } }), [], []],
];

describe('a waypoint and a policy that', () => {
  it.each(rows)('%s, for a service', (_, manifest, expected) => {
    expect(forService(strict, manifest)).toEqual(expected);
    expect(forService(upstream, manifest)).toEqual(expected);
  });

  it.each(rows)('%s, for a workload', (_, manifest, __, expected) => {
    expect(forWorkload(strict, manifest)).toEqual(expected);
    expect(forWorkload(upstream, manifest)).toEqual(expected);
  });

  it('targets a ServiceEntry is bound for its hosts', () => {
    const entry = JSON.stringify({
      apiVersion: 'networking.istio.io/v1',
      kind: 'ServiceEntry',
      metadata: { name: 'api', namespace: 'shop' },
      spec: { hosts: ['api.example.com'], ports: [{ name: 'http', number: 80, protocol: 'HTTP' }], resolution: 'DNS' },
    });
    const spec = { targetRefs: [{ group: 'networking.istio.io', kind: 'ServiceEntry', name: 'api' }], rules: [l7Rule] };
    const inventory = inventoryOf(documents(...mesh, entry, policy('p', spec)));
    const host = inventory.services.get('ServiceEntry/shop/api/api.example.com');
    if (host === undefined) throw new Error('no ServiceEntry');
    expect(outcome(bindWaypoint(inventory, gateway(inventory, 'shop/gate'), host))).toEqual(['bound as service-entry']);
  });

  it('targets a class of its own is bound in strict, and by the name istio-waypoint only in upstream', () => {
    const gatewayClass = JSON.stringify({
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'GatewayClass',
      metadata: { name: 'mine' },
      spec: { controllerName: 'istio.io/mesh-controller' },
    });
    const manifests = documents(
      serviceOf('web'),
      waypoint('gate', { className: 'mine' }),
      gatewayClass,
      policy('p', target('GatewayClass', 'mine'), root),
    );
    const bound = (dialect: Dialect) => {
      const inventory = inventoryOf(manifests, dialect);
      return outcome(bindWaypoint(inventory, gateway(inventory, 'shop/gate'), service(inventory, 'shop/web')));
    };
    expect(bound(strict)).toEqual(['bound as gateway-class']);
    expect(bound(upstream)).toEqual(['unbound, gateway-class-name']);
  });

  it('asks an external authorizer binds like any other, and its rules decide whom it concerns', () => {
    const custom = policy('p', { ...target('Service', 'web'), action: 'CUSTOM', provider: { name: 'authz' } });
    expect(forService(strict, custom)).toEqual(['bound as service']);
    expect(forService(upstream, custom)).toEqual(['bound as service']);
  });

  it('has a key set without keys closes the waypoint through its RequestAuthentication', () => {
    const authentication = (jwtRules: object[]) =>
      JSON.stringify({
        apiVersion: 'security.istio.io/v1',
        kind: 'RequestAuthentication',
        metadata: { name: 'jwt', namespace: 'shop' },
        spec: { targetRefs: [{ group: '', kind: 'Service', name: 'web' }], jwtRules },
      });
    expect(forService(strict, authentication([{ issuer: 'me', jwks: '{"keys":[]}' }]))).toEqual(['closes, unsupported-policy']);
    expect(forService(strict, authentication([]))).toEqual([]);
    expect(forService(strict, authentication([{ issuer: 'me' }]))).toEqual([]);
  });
});

describe('an ingress gateway and a policy that', () => {
  const off: Dialect = { name: 'upstream', flags: { ENABLE_SELECTOR_BASED_K8S_GATEWAY_POLICY: 'false' } };
  const selector = { matchLabels: { 'gateway.networking.k8s.io/gateway-name': 'front' } };

  function bound(dialect: Dialect, manifest: string): string[] {
    const inventory = inventoryOf(documents(namespace('shop'), ingress('front'), serviceOf('web'), manifest), dialect);
    return outcome(bindGateway(inventory, gateway(inventory, 'shop/front')));
  }

  it.each([
    ['targets it', policy('p', target('Gateway', 'front')), ['bound as gateway'], ['bound as gateway']],
    [
      'targets another Gateway',
      policy('p', target('Gateway', 'back')),
      ['unbound, targets-other-object'],
      ['unbound, targets-other-object'],
    ],
    [
      'targets a service',
      policy('p', target('Service', 'web')),
      ['unbound, service-target-at-gateway'],
      ['unbound, service-target-at-gateway'],
    ],
    [
      'targets a class',
      policy('p', target('GatewayClass', 'istio')),
      ['unbound, service-target-at-gateway'],
      ['unbound, service-target-at-gateway'],
    ],
    ['selects its pods', policy('p', { selector }), ['bound as selector'], ['unbound, selector-policies-disabled']],
    [
      'selects other pods',
      policy('p', { selector: { matchLabels: { app: 'x' } } }),
      ['unbound, selector-mismatch'],
      ['unbound, selector-policies-disabled'],
    ],
    ['has no selector', policy('p', {}), ['bound as namespace'], ['unbound, selector-policies-disabled']],
    ['has an empty selector', policy('p', { selector: {} }), ['bound as namespace'], ['unbound, selector-policies-disabled']],
    [
      'has no selector, in the root namespace',
      policy('p', {}, root),
      ['bound as root-namespace'],
      ['unbound, selector-policies-disabled'],
    ],
    [
      'selects its pods from the root namespace',
      policy('p', { selector }, root),
      ['bound as root-selector'],
      ['unbound, selector-policies-disabled'],
    ],
  ])('%s', (_, manifest, expected, withoutSelectors) => {
    expect(bound(strict, manifest)).toEqual(expected);
    expect(bound(upstream, manifest)).toEqual(expected);
    expect(bound(off, manifest)).toEqual(withoutSelectors);
  });
});

describe('describing why a policy is not enforced', () => {
  it('gives a clause without a full stop', () => {
    const inventory = inventoryOf(documents(...mesh, policy('p', { rules: [l4Rule] })));
    const [unbound] = bindWaypoint(inventory, gateway(inventory, 'shop/gate'), service(inventory, 'shop/web')).unbound;
    if (unbound === undefined) throw new Error('nothing unbound');
    expect(describeUnbound(unbound)).toMatch(/^it names no target, so the ztunnels in its scope enforce it.*[^.]$/);
  });
});
