import { describe, expect, it } from 'vitest';
import { parseQuestion, strict, upstream } from '../../src/index.js';
import {
  ask,
  documents,
  inventoryOf,
  namespace,
  pod,
  policy,
  service,
  shop,
  shopWithWaypoint,
  waypoint,
  waypointIdentity,
  webIdentity,
} from './mesh.js';

const webToCart = { from: 'shop/web', to: 'http://cart/items?all=1' };
const allowWeb = policy(
  'shop',
  'allow-web',
  '{selector: {matchLabels: {app: cart}}, rules: [{from: [{source: {principals: [cluster.local/ns/shop/sa/web]}}]}]}',
);
const getOnly = policy(
  'shop',
  'get-only',
  '{targetRefs: [{group: "", kind: Service, name: cart}], rules: [{to: [{operation: {methods: [GET]}}]}]}',
);
const onlyWaypoint = policy(
  'shop',
  'only-waypoint',
  '{selector: {matchLabels: {app: cart}}, rules: [{from: [{source: {principals: [cluster.local/ns/shop/sa/waypoint]}}]}]}',
);

const edge = `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, namespace: shop}
spec: {gatewayClassName: istio, listeners: [{name: http, port: 80, protocol: HTTP}]}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {name: cart, namespace: shop}
spec: {parentRefs: [{name: edge}], rules: [{backendRefs: [{name: cart, port: 80}]}]}
`;

describe('without a waypoint', () => {
  it('walks from the client to the ztunnel of the destination, which sees the client', () => {
    const { effect, gates, steps } = ask(documents(shop, allowWeb), webToCart);
    expect(effect).toBe('allow');
    expect(gates).toMatchObject([
      {
        gate: 'ztunnel',
        name: 'shop/cart',
        effect: 'allow',
        reason: 'allow-policy',
        sourceIdentity: webIdentity,
        sourceIp: '10.0.0.1',
        destinationIp: '10.0.0.3',
        destinationPort: 8080,
        policy: 'shop/allow-web',
        rule: 0,
        file: 'mesh.yaml',
      },
    ]);
    expect(steps.map((step) => step.kind)).toEqual(['client', 'source-ztunnel', 'leg', 'gate', 'application']);
    expect(steps[1]).toEqual({ kind: 'source-ztunnel', name: 'shop/web' });
  });

  it('names the nearest rule and the one condition that failed', () => {
    const { effect, gates } = ask(documents(shop, allowWeb), { ...webToCart, from: 'shop/batch' });
    expect(effect).toBe('deny');
    expect(gates[0]).toMatchObject({ reason: 'no-allow-match', policy: null, rule: null });
    expect(gates[0]?.nearest).toMatchObject({
      policy: 'shop/allow-web',
      rule: 0,
      failed: [
        {
          attribute: 'principals',
          seen: 'cluster.local/ns/shop/sa/batch',
          wanted: '`cluster.local/ns/shop/sa/web`',
          file: 'mesh.yaml',
        },
      ],
    });
  });

  it('prefers the rule with the fewest failing conditions', () => {
    const two = policy(
      'shop',
      'two',
      `  selector: {matchLabels: {app: cart}}
  rules:
    - from: [{source: {principals: [cluster.local/ns/shop/sa/web], namespaces: [other]}}]
      to: [{operation: {ports: ["9"]}}]
    - from: [{source: {namespaces: [shop], notPrincipals: [cluster.local/ns/shop/sa/batch]}}]
      to: [{operation: {ports: ["8080"]}}]
`,
    );
    const { gates } = ask(documents(shop, two), { ...webToCart, from: 'shop/batch' });
    expect(gates[0]?.nearest?.rule).toBe(1);
    expect(gates[0]?.nearest?.failed).toMatchObject([
      { attribute: 'notPrincipals', wanted: 'not `cluster.local/ns/shop/sa/batch`' },
    ]);
  });

  it('says why a policy with targetRefs is not enforced at a ztunnel', () => {
    const { gates } = ask(documents(shop, getOnly), webToCart, upstream);
    expect(gates[0]?.notEnforced.map((one) => one.policy)).toContain('shop/get-only');
    expect(gates[0]?.notEnforced[0]?.why).not.toBe('');
  });

  it('shows that an HTTP policy closes the workload, in strict', () => {
    const http = policy('shop', 'http', '{selector: {matchLabels: {app: cart}}, rules: [{to: [{operation: {methods: [GET]}}]}]}');
    expect(ask(documents(shop, http), webToCart).gates).toMatchObject([
      { effect: 'deny', reason: 'l7-at-ztunnel', policy: 'shop/http' },
    ]);
  });
});

describe('with a waypoint', () => {
  it('passes two gates: the waypoint sees the client, the ztunnel sees the waypoint', () => {
    const { effect, gates } = ask(documents(shopWithWaypoint, getOnly, onlyWaypoint), webToCart);
    expect(effect).toBe('allow');
    expect(gates).toMatchObject([
      {
        gate: 'waypoint',
        name: 'shop/waypoint',
        sourceIdentity: webIdentity,
        sourceIp: '10.0.0.1',
        destinationIp: '10.1.0.3',
        destinationPort: 80,
        policy: 'shop/get-only',
        layer: 'request',
      },
      { gate: 'ztunnel', name: 'shop/cart', sourceIdentity: waypointIdentity, policy: 'shop/only-waypoint', layer: 'connection' },
    ]);
  });

  it('ends at the waypoint that denies, with the condition that failed', () => {
    const { effect, gates } = ask(documents(shopWithWaypoint, getOnly), { ...webToCart, method: 'POST' });
    expect(effect).toBe('deny');
    expect(gates).toHaveLength(1);
    expect(gates[0]).toMatchObject({
      gate: 'waypoint',
      effect: 'deny',
      nearest: { failed: [{ attribute: 'methods', seen: 'POST', wanted: '`GET`' }] },
    });
  });

  it('is bypassed by dialling the pod', () => {
    const { effect, gates } = ask(documents(shopWithWaypoint, getOnly), { from: 'shop/web', to: 'shop/cart', method: 'POST' });
    expect(effect).toBe('allow');
    expect(gates.map((gate) => gate.gate)).toEqual(['ztunnel']);
  });

  it('is bypassed in plaintext, where the ztunnel sees no identity', () => {
    const { gates } = ask(documents(shopWithWaypoint, getOnly), { ...webToCart, plaintext: true, method: 'POST' });
    expect(gates).toMatchObject([{ gate: 'ztunnel', effect: 'allow', sourceIdentity: null, sourceIp: '10.0.0.1' }]);
  });

  it('closes the pod to all but the waypoint with the second policy', () => {
    const mesh = documents(shopWithWaypoint, getOnly, onlyWaypoint);
    expect(ask(mesh, { from: 'shop/web', to: 'shop/cart' }).effect).toBe('deny');
    expect(ask(mesh, { ...webToCart, plaintext: true }).effect).toBe('deny');
  });

  it('lets the client’s own ztunnel refuse where the waypoint is missing, in strict only', () => {
    const mesh = documents(
      namespace('shop', 'istio.io/use-waypoint: gone'),
      pod('shop', 'web', '10.0.0.1'),
      pod('shop', 'cart', '10.0.0.3'),
      service('shop', 'cart', '10.1.0.3'),
    );
    expect(ask(mesh, webToCart).gates).toMatchObject([
      { gate: 'ztunnel', name: 'shop/web', side: 'source', effect: 'deny', reason: 'waypoint-unavailable' },
    ]);
    expect(ask(mesh, webToCart, upstream)).toMatchObject({ effect: 'allow', gates: [{ gate: 'ztunnel', name: 'shop/cart' }] });
  });

  it('decides a TCP port per connection', () => {
    const mesh = documents(
      namespace('shop', 'istio.io/use-waypoint: waypoint'),
      pod('shop', 'web', '10.0.0.1'),
      pod('shop', 'cart', '10.0.0.3'),
      service('shop', 'cart', '10.1.0.3', { port: 'tcp' }),
      waypoint('shop'),
    );
    expect(ask(mesh, { from: 'shop/web', to: 'cart:80' }).gates).toMatchObject([
      { gate: 'waypoint', layer: 'connection' },
      { gate: 'ztunnel' },
    ]);
  });
});

describe('through an ingress gateway', () => {
  it('goes past the waypoint, and the ztunnel sees the gateway', () => {
    const { effect, gates } = ask(documents(shopWithWaypoint, getOnly, edge), {
      from: '198.51.100.7',
      to: 'http://shop.example/',
      via: 'shop/edge',
      method: 'POST',
    });
    expect(effect).toBe('allow');
    expect(gates).toMatchObject([
      { gate: 'gateway', name: 'shop/edge', sourceIdentity: null, sourceIp: '198.51.100.7', destinationPort: 80 },
      { gate: 'ztunnel', name: 'shop/cart', sourceIdentity: 'spiffe://cluster.local/ns/shop/sa/edge-istio' },
    ]);
  });

  it('goes through the waypoint where ingress-use-waypoint says so', () => {
    const mesh = documents(
      namespace('shop', 'istio.io/use-waypoint: waypoint, istio.io/ingress-use-waypoint: "true"'),
      pod('shop', 'cart', '10.0.0.3'),
      service('shop', 'cart', '10.1.0.3'),
      waypoint('shop'),
      edge,
      getOnly,
    );
    const { effect, gates } = ask(mesh, { from: '198.51.100.7', to: 'http://shop.example/', via: 'shop/edge', method: 'POST' });
    expect(effect).toBe('deny');
    expect(gates).toMatchObject([
      { gate: 'gateway', effect: 'allow' },
      {
        gate: 'waypoint',
        effect: 'deny',
        sourceIdentity: 'spiffe://cluster.local/ns/shop/sa/edge-istio',
        remoteIp: '198.51.100.7',
      },
    ]);
  });

  it('arrives nowhere without a route', () => {
    const [gateway] = edge.split('---');
    const answer = ask(documents(shop, gateway ?? ''), { from: '198.51.100.7', to: 'http://shop.example/', via: 'shop/edge' });
    expect(answer).toMatchObject({ effect: 'deny', failure: { reason: 'no-route' } });
  });
});

describe('through a gateway behind a proxy', () => {
  const proxied = edge.replace(
    'namespace: shop}',
    "namespace: shop, annotations: {proxy.istio.io/config: '{gatewayTopology: {proxyProtocol: {}}}'}}",
  );
  const blocked = policy(
    'shop',
    'blocked',
    '{targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: edge}], action: DENY, rules: [{from: [{source: {remoteIpBlocks: [203.0.113.9]}}]}]}',
  );
  const question = { from: '198.51.100.7', to: 'http://shop.example/', via: 'shop/edge' };

  it('judges by the client that the PROXY header tells', () => {
    const answer = ask(documents(shop, proxied, blocked), { ...question, proxiedFor: '203.0.113.9' });
    expect(answer.effect).toBe('deny');
    expect(answer.gates).toMatchObject([{ gate: 'gateway', sourceIp: '198.51.100.7', remoteIp: '203.0.113.9' }]);
    expect(answer.notes).toEqual([]);
  });

  it('says what it takes the header to tell where the question does not', () => {
    const answer = ask(documents(shop, proxied, blocked), question);
    expect(answer.effect).toBe('allow');
    expect(answer.notes).toMatchObject([expect.stringContaining('brings no PROXY header')]);
  });

  it.each([
    ['a gateway that takes no such header', { via: 'shop/edge' }, 'takes no PROXY header'],
    ['no gateway', {}, 'without `--via`'],
  ])('cannot be asked about %s', (_, more, said) => {
    const read = parseQuestion(inventoryOf(documents(shop, edge)), {
      from: '198.51.100.7',
      to: 'http://cart.shop/',
      proxiedFor: '203.0.113.9',
      ...more,
    });
    expect('problem' in read ? read.problem.message : '').toContain(said);
  });
});

describe('through a listener that passes TLS through', () => {
  const passing = `apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, namespace: shop}
spec: {gatewayClassName: istio, listeners: [{name: tls, port: 443, protocol: TLS, tls: {mode: Passthrough}}]}
---
apiVersion: gateway.networking.k8s.io/v1alpha2
kind: TLSRoute
metadata: {name: cart, namespace: shop}
spec: {parentRefs: [{name: edge}], hostnames: [cart.example], rules: [{backendRefs: [{name: cart, port: 80}]}]}
`;
  const byName = policy(
    'shop',
    'by-name',
    '{targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: edge}], rules: [{when: [{key: connection.sni, values: [cart.example]}]}]}',
  );
  const via = (to: string, dialect = strict) =>
    ask(documents(shop, passing, byName), { from: '198.51.100.7', to, via: 'shop/edge' }, dialect);

  it('goes by server name, as a connection, to the ztunnel behind', () => {
    const answer = via('https://cart.example/');
    expect(answer.effect).toBe('allow');
    expect(answer.gates).toMatchObject([
      { gate: 'gateway', layer: 'connection', reason: 'allow-policy' },
      { gate: 'ztunnel', name: 'shop/cart', sourceIdentity: 'spiffe://cluster.local/ns/shop/sa/edge-istio' },
    ]);
  });

  it('is denied another name', () => {
    expect(via('https://other.example/')).toMatchObject({ effect: 'deny', gates: [{ reason: 'no-allow-match' }] });
  });

  it('cannot be judged without TLS in strict', () => {
    expect(via('tcp://cart.example:443')).toMatchObject({ effect: 'deny', gates: [{ reason: 'unreadable-attribute' }] });
    expect(via('tcp://cart.example:443', upstream)).toMatchObject({ effect: 'deny', gates: [{ reason: 'no-allow-match' }] });
  });
});

describe('outside every gate', () => {
  it('says that a client on the host network is not captured, and goes on in plaintext', () => {
    const mesh = documents(shop, pod('shop', 'agent', '10.0.0.9', 'hostNetwork: true'), allowWeb);
    const answer = ask(mesh, { from: 'shop/agent', to: 'http://cart/' });
    expect(answer.notCaptured.join()).toContain('host network');
    expect(answer.gates).toMatchObject([{ gate: 'ztunnel', effect: 'deny', sourceIdentity: null }]);
  });

  it('says that UDP is not captured', () => {
    expect(ask(shop, { from: 'shop/web', to: 'udp://cart:53' })).toMatchObject({
      effect: 'allow',
      gates: [],
      notCaptured: [expect.stringContaining('UDP')],
    });
  });

  it('says that a destination outside the mesh has no gate', () => {
    const mesh = documents(
      shop,
      'apiVersion: v1\nkind: Namespace\nmetadata: {name: old}\n',
      pod('old', 'ledger', '10.0.0.8'),
      service('old', 'ledger', '10.1.0.8'),
    );
    const answer = ask(mesh, { from: 'shop/web', to: 'http://ledger.old/' });
    expect(answer).toMatchObject({ effect: 'allow', gates: [] });
    expect(answer.notCaptured.join()).toContain('not enrolled');
  });

  it('takes an address outside the mesh for a plaintext client', () => {
    const answer = ask(documents(shop, allowWeb), { from: '198.51.100.7', to: 'http://cart.shop/' });
    expect(answer.gates).toMatchObject([{ gate: 'ztunnel', sourceIdentity: null, sourceIp: '198.51.100.7', effect: 'deny' }]);
  });

  it('takes an identity that no workload has, from an address that no mesh has', () => {
    const away = policy(
      'shop',
      'away',
      '{selector: {matchLabels: {app: cart}}, rules: [{from: [{source: {namespaces: [away]}}]}]}',
    );
    const question = { from: 'spiffe://cluster.local/ns/away/sa/guest', to: 'http://cart.shop/' };
    expect(ask(documents(shop, away), question).gates).toMatchObject([
      {
        gate: 'ztunnel',
        sourceIdentity: 'spiffe://cluster.local/ns/away/sa/guest',
        sourceIp: '192.0.2.1',
        reason: 'allow-policy',
      },
    ]);
    expect(ask(documents(shop, allowWeb), question).gates).toMatchObject([{ effect: 'deny', reason: 'no-allow-match' }]);
  });

  it('lends an identity the address of a workload that has it', () => {
    const { gates } = ask(shop, { from: webIdentity, to: 'http://cart.shop/' });
    expect(gates).toMatchObject([{ sourceIdentity: webIdentity, sourceIp: '10.0.0.1', effect: 'allow' }]);
  });
});

describe('several endpoints', () => {
  it('allows only where every endpoint allows, and names those that differ', () => {
    const canary = pod('shop', 'cart-canary', '10.0.0.4').replace('app: cart-canary', 'app: cart, track: canary');
    const lock = policy('shop', 'lock', '{selector: {matchLabels: {track: canary}}}');
    const { effect, gates, notes } = ask(documents(shop, canary, lock), webToCart);
    expect(effect).toBe('deny');
    expect(gates[0]).toMatchObject({
      name: 'shop/cart-canary',
      effect: 'deny',
      endpoints: 2,
      others: [{ name: 'shop/cart', effect: 'allow' }],
    });
    expect(notes.join()).toContain('`shop/cart`');
  });
});

describe('what is not modelled', () => {
  it('names a NetworkPolicy in a namespace of the path, and none elsewhere', () => {
    const networkPolicy = (name: string) =>
      `apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: lock, namespace: ${name}}\nspec: {podSelector: {}}\n`;
    const { unmodelled } = ask(documents(shop, networkPolicy('shop'), networkPolicy('other')), webToCart);
    expect(unmodelled).toMatchObject([{ kind: 'NetworkPolicy', name: 'shop/lock' }]);
  });
});
