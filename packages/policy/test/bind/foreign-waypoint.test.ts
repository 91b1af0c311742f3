import { describe, expect, it } from 'vitest';
import { acceptAtZtunnel } from '../../src/bind/accept.js';
import type { InboundTarget } from '../../src/bind/route.js';
import { routeFromWorkload } from '../../src/bind/route-outbound.js';
import { explain } from '../../src/explain/explain.js';
import { parseQuestion } from '../../src/explain/question/parse-question.js';
import { type Dialect, strict, upstream } from '../../src/resource/dialect.js';
import { documents, inventoryOf, namespace, pod, policy, serviceOf, waypoint, workload } from '../inventory/manifests.js';

const binding = (value: string) => ({ annotations: { 'ambient.istio.io/waypoint-inbound-binding': value } });
const theirs = (metadata: object = binding('PROXY/15088')) => waypoint('gate', { className: 'theirs', metadata });
const mesh = (gateway = theirs(), ...more: readonly string[]) =>
  documents(
    namespace('shop', { 'istio.io/dataplane-mode': 'ambient', 'istio.io/use-waypoint': 'gate' }),
    pod('client', { ip: '10.0.0.1', labels: { app: 'client', 'istio.io/use-waypoint': 'none' } }),
    pod('web', { ip: '10.0.0.2' }),
    pod('gate-1', { ip: '10.0.0.9', labels: { app: 'gate', 'gateway.networking.k8s.io/gateway-name': 'gate' } }),
    serviceOf('web', { clusterIP: '10.96.0.1', clusterIPs: ['10.96.0.1'] }),
    serviceOf(
      'free',
      { clusterIP: '10.96.0.2', clusterIPs: ['10.96.0.2'], selector: { app: 'web' } },
      {
        labels: { 'istio.io/use-waypoint': 'none' },
      },
    ),
    gateway,
    ...more,
  );

function dial(text: string, client: string, host: string, port: number, dialect: Dialect = strict): string {
  const inventory = inventoryOf(text, dialect);
  const route = routeFromWorkload(inventory, workload(inventory, `shop/${client}`), { host, port });
  switch (route.kind) {
    case 'waypoint':
      return `${route.gateway.workload.key} for ${route.authority}`;
    case 'hbone':
      return `hbone ${route.endpoints.map(({ workload: { key } }) => key).join(' ')}`;
    case 'refused':
      return route.detail;
    default:
      return route.kind;
  }
}

describe('a waypoint of another implementation', () => {
  it('is one in strict where its Gateway says how its pods get connections', () => {
    expect(dial(mesh(), 'client', 'web', 80)).toBe('shop/gate-1 for 10.96.0.1:80');
    expect(dial(mesh(theirs({})), 'client', 'web', 80)).toContain('is not a waypoint');
  });

  it('is one where its class says so', () => {
    const gatewayClass = JSON.stringify({
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'GatewayClass',
      metadata: { name: 'theirs', ...binding('PROXY') },
      spec: { controllerName: 'theirs.example/controller' },
    });
    expect(dial(mesh(theirs({}), gatewayClass), 'client', 'web', 80)).toBe('shop/gate-1 for 10.96.0.1:80');
  });

  it('is none in strict where its pods have no ztunnel that would hand anything on', () => {
    const outside = mesh().replace('"app":"gate"', '"app":"gate","istio.io/dataplane-mode":"none"');
    expect(dial(outside, 'client', 'web', 80)).toContain('is not a waypoint');
  });

  it('admits the namespaces that the listener of its port admits', () => {
    const listeners = [
      { name: 'mesh', port: 15008, protocol: 'HBONE', allowedRoutes: { namespaces: { from: 'All' } } },
      { name: 'proxy', port: 15088, protocol: 'TCP' },
    ];
    const gateway = JSON.stringify({ ...JSON.parse(theirs()), spec: { gatewayClassName: 'theirs', listeners } });
    const elsewhere = documents(
      namespace('other', {
        'istio.io/dataplane-mode': 'ambient',
        'istio.io/use-waypoint': 'gate',
        'istio.io/use-waypoint-namespace': 'shop',
      }),
      pod('far', { ip: '10.0.0.7', namespace: 'other' }),
      serviceOf('far', { clusterIP: '10.96.0.7', clusterIPs: ['10.96.0.7'] }, { namespace: 'other' }),
    );
    expect(dial(mesh(gateway, elsewhere), 'client', 'far.other', 80)).toContain('does not admit its namespace');
  });

  it('has no waypoint in front of its own pods, and may be dialled as a workload', () => {
    const workloadsToo = theirs({ ...binding('PROXY/15088'), labels: { 'istio.io/waypoint-for': 'all' } });
    expect(dial(mesh(workloadsToo), 'client', '10.0.0.9', 15020)).toBe('hbone shop/gate-1');
    expect(dial(mesh(workloadsToo), 'client', '10.0.0.2', 8080)).toBe('shop/gate-1 for 10.0.0.2:8080');
  });

  it('goes on to workloads, and in strict to services, past itself', () => {
    const all = mesh(theirs({ ...binding('PROXY/15088'), labels: { 'istio.io/waypoint-for': 'all' } }));
    expect(dial(all, 'gate-1', '10.0.0.2', 8080)).toBe('hbone shop/web');
    expect(dial(all, 'gate-1', '10.0.0.2', 8080, upstream)).toBe('hbone shop/web');
    expect(dial(all, 'gate-1', 'web', 80)).toBe('hbone shop/web');
    expect(dial(all, 'gate-1', 'web', 80, upstream)).toBe('shop/gate-1 for 10.96.0.1:80');
  });
});

describe('a canary waypoint of another implementation', () => {
  const split = (dialect: Dialect, metadata: object = binding('PROXY/15088')) => {
    const text = mesh(
      waypoint('gate'),
      waypoint('next', { className: 'theirs', metadata }),
      pod('next-1', { ip: '10.0.0.10', labels: { app: 'next', 'gateway.networking.k8s.io/gateway-name': 'next' } }),
      serviceOf(
        'tried',
        { clusterIP: '10.96.0.3', clusterIPs: ['10.96.0.3'], selector: { app: 'web' } },
        { labels: { 'istio.io/use-waypoint': 'gate', 'istio.io/use-waypoint-canary': 'next' } },
      ).replace('"labels"', '"annotations":{"istio.io/use-waypoint-canary-weight":"50"},"labels"'),
    );
    const inventory = inventoryOf(text, dialect);
    return {
      from: (client: string) => routeFromWorkload(inventory, workload(inventory, `shop/${client}`), { host: 'tried', port: 80 }),
      asked: acceptAtZtunnel(inventory, workload(inventory, 'shop/next-1'), '10.96.0.3:80'),
    };
  };

  it('gets its share through the ztunnel of its pods, and goes on past itself', () => {
    const { from, asked } = split(strict);
    expect(from('client')).toMatchObject({
      kind: 'split',
      ways: [{ waypoint: { key: 'shop/gate' } }, { route: { gateway: { workload: { key: 'shop/next-1' } } } }],
    });
    expect(asked).toMatchObject({ kind: 'workload', port: 15088 });
    expect(from('next-1')).toMatchObject({ kind: 'hbone', endpoints: [{ workload: { key: 'shop/web' } }] });
    expect(split(upstream).from('next-1').kind).toBe('split');
  });

  it('gets nothing in strict where its Gateway does not say how its pods get connections', () => {
    const { from, asked } = split(strict, {});
    expect(from('client')).toMatchObject({ kind: 'waypoint', gateway: { key: 'shop/gate' } });
    expect(asked.kind).toBe('refused');
    expect(split(upstream, {}).from('client').kind).toBe('split');
  });
});

describe('what the ztunnel of such a waypoint is asked for', () => {
  const show = (target: InboundTarget): string => {
    if (target.kind === 'refused') return `${target.status}`;
    if (target.kind === 'service') return 'service';
    const { proxied, port } = target;
    return proxied === undefined ? `${port}` : `${port} ← ${proxied.address}:${proxied.port}`;
  };
  const asked = (authority: string, dialect: Dialect, text = mesh()): string => {
    const inventory = inventoryOf(text, dialect);
    return show(acceptAtZtunnel(inventory, workload(inventory, 'shop/gate-1'), authority));
  };

  it.each([
    ['10.96.0.1:80', '15088 ← 10.96.0.1:80', '15088 ← 10.96.0.1:80'],
    ['web.shop.svc.cluster.local:80', '15088 ← 10.96.0.1:80', '15088 ← 10.96.0.1:80'],
    ['10.0.0.9:8080', '15088 ← 10.0.0.9:8080', '15088 ← 10.0.0.9:8080'],
    ['10.96.0.2:80', '400', '15088 ← 10.96.0.2:80'],
    ['free.shop.svc.cluster.local:80', '400', '15088 ← 10.96.0.2:80'],
    ['192.0.2.1:80', '400', '15088 ← 192.0.2.1:80'],
    ['[2001:db8::1]:80', '400', '15088 ← 2001:db8::1:80'],
    ['gone.shop.svc.cluster.local:80', '400', '503'],
    ['10.0.0.9:15006', '503', '503'],
    ['10.0.0.9', '400', '400'],
  ])('%s: %s in strict, %s upstream', (authority, inStrict, inUpstream) => {
    expect([asked(authority, strict), asked(authority, upstream)]).toEqual([inStrict, inUpstream]);
  });

  it('is its own port where the binding has none, and no header with NONE', () => {
    expect(asked('10.96.0.1:80', strict, mesh(theirs(binding('PROXY'))))).toBe('80 ← 10.96.0.1:80');
    expect(asked('10.96.0.1:80', strict, mesh(theirs(binding('NONE/15088'))))).toBe('15088');
  });
});

describe('the walk to such a waypoint', () => {
  const walk = (...more: readonly string[]) => {
    const inventory = inventoryOf(mesh(theirs(), ...more));
    const read = parseQuestion(inventory, { from: 'shop/client', to: 'http://web/' });
    if ('problem' in read) throw new Error(read.problem.message);
    return explain(inventory, read.question);
  };

  it('passes the ztunnel of its pods first, and says whose waypoint it is', () => {
    const { gates, notes } = walk();
    expect(gates.map(({ gate, name }) => `${gate} ${name}`)).toEqual([
      'ztunnel shop/gate-1',
      'waypoint shop/gate',
      'ztunnel shop/web',
    ]);
    expect(notes).toContain('waypoint `shop/gate` is another implementation: it may read its policies otherwise');
  });

  it('ends at that ztunnel where it denies', () => {
    const { effect, gates } = walk(policy('nobody', { selector: { matchLabels: { app: 'gate' } } }));
    expect(effect).toBe('deny');
    expect(gates.map(({ name }) => name)).toEqual(['shop/gate-1']);
  });
});
