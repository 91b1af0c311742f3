import { describe, expect, it } from 'vitest';
import { checkFiles, strict, upstream } from '../../src/index.js';
import { ask, documents, findingsOf, namespace, pod, policy, service, waypoint } from './mesh.js';

const weight = (value: string) => `istio.io/use-waypoint-canary-weight: "${value}"`;
/** A cart behind a waypoint with a canary; `labels` as on the Service. */
const mesh = (percent: string, labels = 'istio.io/use-waypoint: waypoint, istio.io/use-waypoint-canary: next') =>
  documents(
    namespace('shop'),
    pod('shop', 'web', '10.0.0.1'),
    pod('shop', 'cart', '10.0.0.3'),
    service('shop', 'cart', '10.1.0.3', { labels }).replace('labels:', `annotations: {${weight(percent)}}, labels:`),
    waypoint('shop'),
    waypoint('shop', 'next'),
  );
const webToCart = { from: 'shop/web', to: 'http://cart/items' };
const getOnly = policy(
  'shop',
  'get-only',
  '{targetRefs: [{group: "", kind: Service, name: cart}], rules: [{to: [{operation: {methods: [GET]}}]}]}',
);
const closedAt = (name: string) =>
  policy(
    'shop',
    `closed-${name}`,
    `{action: DENY, targetRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: ${name}}], rules: [{}]}`,
  );
const onlyFrom = (...accounts: readonly string[]) =>
  policy(
    'shop',
    'only-from',
    `{selector: {matchLabels: {app: cart}}, rules: [{from: [{source: {principals: [${accounts.map((each) => `cluster.local/ns/shop/sa/${each}`).join(', ')}]}}]}]}`,
  );

describe('a walk to a service with a canary waypoint', () => {
  it('goes through the waypoint itself where both allow, and says which share takes the canary', () => {
    const { effect, gates, notes } = ask(documents(mesh('25'), getOnly), webToCart);
    expect(effect).toBe('allow');
    expect(gates.map(({ gate, name, endpoints }) => [gate, name, endpoints])).toEqual([
      ['waypoint', 'shop/waypoint', 2],
      ['ztunnel', 'shop/cart', 1],
    ]);
    expect(notes).toEqual([
      '75 % of connections go through waypoint `shop/waypoint`, 25 % of connections go through canary waypoint `shop/next`',
    ]);
  });

  it('is denied where the canary denies, by its rule, and where its identity is not admitted behind', () => {
    const denied = ask(documents(mesh('1'), closedAt('next')), webToCart);
    expect(denied.effect).toBe('deny');
    expect(denied.gates).toMatchObject([
      {
        gate: 'waypoint',
        name: 'shop/next',
        policy: 'shop/closed-next',
        others: [{ name: 'shop/waypoint (99 % of connections)', effect: 'allow' }],
      },
    ]);
    expect(denied.notes).toContain('1 of 2 ways deny; allowed only by way of `shop/waypoint (99 % of connections)`');
    const notAdmitted = ask(documents(mesh('1'), onlyFrom('waypoint')), webToCart);
    expect(notAdmitted.effect).toBe('deny');
    expect(notAdmitted.gates.at(-1)).toMatchObject({ gate: 'ztunnel', sourceIdentity: 'spiffe://cluster.local/ns/shop/sa/next' });
  });

  it('does not ask a waypoint that gets no connections', () => {
    expect(ask(documents(mesh('0'), closedAt('next')), webToCart).effect).toBe('allow');
    expect(ask(documents(mesh('100'), closedAt('waypoint')), webToCart).effect).toBe('allow');
    expect(ask(documents(mesh('100'), closedAt('next')), webToCart).effect).toBe('deny');
  });
});

describe('check of a service with a canary waypoint', () => {
  const diagnostics = (text: string) => checkFiles([{ path: 'mesh.yaml', text }], strict).diagnostics.map(({ code }) => code);

  it('is silent where the two policies belong together, whichever waypoint enforces the first', () => {
    expect(diagnostics(documents(mesh('50'), getOnly, onlyFrom('waypoint', 'next')))).toEqual([]);
    expect(diagnostics(documents(mesh('50'), closedAt('next'), onlyFrom('waypoint', 'next')))).toEqual([]);
  });

  it.each([
    ['nothing', getOnly],
    ['everyone', documents(getOnly, policy('shop', 'all', '{selector: {matchLabels: {app: cart}}, rules: [{}]}'))],
    ['one of them', documents(getOnly, onlyFrom('waypoint', 'web'))],
  ])('prints one second policy that admits both waypoints, where %s is admitted', (_, policies) => {
    const before = documents(mesh('0'), policies);
    const found = findingsOf(before, 'waypoint-bypass');
    expect(found).toHaveLength(1);
    expect(found[0]?.suggestion).toContain('rincipals: [cluster.local/ns/shop/sa/waypoint, cluster.local/ns/shop/sa/next]');
    const after = documents(before, found[0]?.suggestion ?? '');
    expect(findingsOf(after, 'waypoint-bypass')).toEqual([]);
    expect(findingsOf(after, 'waypoint-not-admitted')).toEqual([]);
  });

  it('finds a policy of the canary alone that can be bypassed', () => {
    const found = findingsOf(documents(mesh('50'), getOnly, closedAt('next')), 'waypoint-bypass');
    expect(found.map(({ message }) => message.split(' is not asked')[0])).toEqual([
      '`shop/get-only` at waypoint `shop/waypoint`',
      '`shop/closed-next` at waypoint `shop/next`',
    ]);
  });

  it.each([
    [['waypoint'], ['waypoint `shop/next`', 'principal `cluster.local/ns/shop/sa/next`']],
    [
      ['web'],
      [
        'waypoints `shop/waypoint` and `shop/next`',
        'principals `cluster.local/ns/shop/sa/waypoint` and `cluster.local/ns/shop/sa/next`',
      ],
    ],
  ])('names the waypoints that a ztunnel does not admit beside %j', (accounts, [who = '', principals = '']) => {
    const [found, ...more] = findingsOf(documents(mesh('0'), onlyFrom(...accounts)), 'waypoint-not-admitted');
    expect(more).toEqual([]);
    expect(found?.message).toContain(`does not admit ${who}, so`);
    expect(found?.hint).toContain(`add the ${principals}, and`);
  });

  it('tells that the policies which a control plane makes for waypoints do not admit a canary', () => {
    const dialect = { ...upstream, flags: { PILOT_AUTO_ALLOW_WAYPOINT_POLICY: 'true' } };
    const [found] = findingsOf(mesh('5'), 'waypoint-not-admitted', dialect);
    expect(found?.message).toContain('`shop/istio_allow_waypoint_shop_waypoint` does not admit waypoint `shop/next`');
    expect(ask(mesh('5'), webToCart, dialect).effect).toBe('deny');
    expect(ask(mesh('0'), webToCart, dialect).effect).toBe('allow');
  });

  const own = 'istio.io/use-waypoint: waypoint, istio.io/use-waypoint-canary';
  it.each([
    ['is its own waypoint', mesh('5', `${own}: waypoint`), 'must differ from the primary waypoint'],
    ['is not there', mesh('5', `${own}: gone`), 'waypoint "shop/gone" is not ready'],
    ['has no weight that is one', mesh('5 %'), 'has an invalid weight; must be an integer in [0,100]'],
    ['has no waypoint beside it', mesh('5', 'istio.io/use-waypoint-canary: next'), 'there is no waypoint of which'],
  ])('tells of a canary that %s', (_, text, problem) => {
    for (const dialect of [strict, upstream]) {
      const [found, ...more] = findingsOf(text, 'waypoint-canary', dialect);
      expect(more).toEqual([]);
      expect(found?.message).toContain('gets no traffic to `cart.shop.svc.cluster.local`: ');
      expect(found?.message).toContain(problem);
    }
  });

  it('tells of none that has its share, were it nothing, and of none of a service that wants no waypoint', () => {
    for (const percent of ['0', '50', '100']) expect(findingsOf(mesh(percent), 'waypoint-canary')).toEqual([]);
    const optedOut = mesh('5', 'istio.io/use-waypoint: none, istio.io/use-waypoint-canary: next');
    expect(findingsOf(optedOut, 'waypoint-canary')).toEqual([]);
  });
});
