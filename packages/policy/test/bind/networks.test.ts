import { describe, expect, it } from 'vitest';
import { acceptAtEastWest, type CrossingTarget } from '../../src/bind/accept-east-west.js';
import type { OutboundRoute } from '../../src/bind/route.js';
import { routeFromGate, routeFromWorkload } from '../../src/bind/route-outbound.js';
import { explain } from '../../src/explain/explain.js';
import { parseQuestion } from '../../src/explain/question/parse-question.js';
import { type Dialect, strict, upstream } from '../../src/resource/dialect.js';
import {
  documents,
  gateway,
  ingress,
  inventoryOf,
  namespace,
  pod,
  policy,
  service,
  serviceOf,
  waypoint,
  workload,
} from '../inventory/manifests.js';

const east = { 'topology.istio.io/network': 'east' };
const entrance = (labels: object = east) => waypoint('entrance', { className: 'istio-east-west', metadata: { labels } });
const vip = (address: string, more: object = {}) => ({ clusterIP: address, clusterIPs: [address], ...more });
const global = { 'istio.io/global': 'true' };
const mesh = (...more: readonly string[]) =>
  documents(
    namespace('istio-system', { 'topology.istio.io/network': 'west' }),
    namespace('shop'),
    namespace('out', {}),
    pod('client', { ip: '10.0.0.1' }),
    pod('bare', { ip: '10.0.0.8', namespace: 'out' }),
    pod('far', { ip: '10.1.0.2', labels: { app: 'web', ...east } }),
    pod('farther', { ip: '10.1.0.3', labels: { app: 'web', ...east } }),
    pod('third', { ip: '10.2.0.2', labels: { app: 'web', 'topology.istio.io/network': 'third' } }),
    pod('uncaptured', { ip: '10.1.0.4', namespace: 'out', labels: { app: 'web', ...east } }),
    serviceOf('web', vip('10.96.0.1'), { labels: global }),
    serviceOf('local', vip('10.96.0.2', { selector: { app: 'web' } })),
    serviceOf('guarded', vip('10.96.0.3', { selector: { app: 'web' } }), {
      labels: { ...global, 'istio.io/use-waypoint': 'gate' },
    }),
    serviceOf('plain', vip('10.96.0.4', { selector: { app: 'web' } }), { namespace: 'out', labels: global }),
    ingress('front'),
    ...more,
  );

function show(route: OutboundRoute): string {
  switch (route.kind) {
    case 'waypoint':
      return `waypoint for ${route.authority} through ${route.through?.key}`;
    case 'hbone':
      return `hbone ${route.endpoints.map(({ workload: { name } }) => name).join(' ')}`;
    case 'refused':
      return `refused ${route.reason}`;
    default:
      return route.kind;
  }
}

function dial(text: string, host: string, { client = 'shop/client', dialect = strict } = {}): string {
  const inventory = inventoryOf(text, dialect);
  return show(routeFromWorkload(inventory, workload(inventory, client), { host, port: 80 }));
}

describe('a workload is in the network', () => {
  it.each([
    ['of its label', 'shop/far', 'east'],
    ['of the root namespace', 'shop/client', 'west'],
  ])('%s', (_, key, network) => {
    expect(workload(inventoryOf(mesh()), key).network).toBe(network);
  });

  it('that its WorkloadEntry names', () => {
    const entry = JSON.stringify({
      apiVersion: 'networking.istio.io/v1',
      kind: 'WorkloadEntry',
      metadata: { name: 'vm', namespace: 'shop' },
      spec: { address: '10.9.0.1', network: 'vms' },
    });
    expect(workload(inventoryOf(mesh(entry)), 'shop/vm').network).toBe('vms');
  });
});

describe('a client of another network', () => {
  it('reaches the endpoints of a global service in networks that have an entrance, and those that have a ztunnel', () => {
    expect(dial(mesh(entrance()), 'web')).toBe('hbone far farther');
    expect(dial(mesh(), 'web')).toBe('refused no-endpoints');
    expect(dial(mesh(entrance({})), 'web')).toBe('refused no-endpoints');
    expect(dial(mesh(entrance()), 'plain.out')).toBe('refused no-endpoints');
  });

  it('reaches nothing else there', () => {
    expect(dial(mesh(entrance()), 'local')).toBe('refused no-endpoints');
    expect(dial(mesh(entrance()), '10.1.0.2')).toBe('refused no-endpoints');
    expect(dial(mesh(entrance()), 'web.shop', { client: 'out/bare' })).toBe('refused no-endpoints');
  });

  it('asks for a waypoint there by the name of the service', () => {
    const there = waypoint('gate', { metadata: { labels: east } });
    expect(dial(mesh(entrance(), there), 'guarded')).toBe('waypoint for guarded.shop.svc.cluster.local:80 through shop/entrance');
    for (const dialect of [strict, upstream]) {
      expect(dial(mesh(there), 'guarded', { dialect })).toBe('refused waypoint-unavailable');
      expect(dial(mesh(entrance(), there).replaceAll('"istio.io/global":"true",', ''), 'guarded', { dialect })).toBe(
        'refused waypoint-unavailable',
      );
    }
  });

  it('is a gateway, too', () => {
    const inventory = inventoryOf(mesh(entrance()));
    expect(show(routeFromGate(inventory, gateway(inventory, 'shop/front'), service(inventory, 'shop/web'), 80))).toBe(
      'hbone far farther',
    );
  });

  it('is judged where it arrives as itself, from the address of the entrance', () => {
    const inventory = inventoryOf(
      mesh(
        entrance(),
        policy('known', { rules: [{ from: [{ source: { principals: ['cluster.local/ns/shop/sa/default'] } }] }] }),
      ),
    );
    const read = parseQuestion(inventory, { from: 'shop/client', to: 'http://web/' });
    if ('problem' in read) throw new Error(read.problem.message);
    const { effect, gates, steps } = explain(inventory, read.question);
    expect(effect).toBe('allow');
    expect(gates[0]?.sourceIp).toBe(gateway(inventory, 'shop/entrance').workload.address);
    expect(JSON.stringify(steps)).toContain('inside HBONE to east-west gateway `shop/entrance` of network `east`');
  });
});

describe('an east-west gateway', () => {
  const asked = (
    text: string,
    authority: string,
    { identity = 'spiffe://cluster.local/ns/shop/sa/default', judgedBy = '', dialect = strict as Dialect } = {},
  ) => {
    const inventory = inventoryOf(text, dialect);
    const target: CrossingTarget = acceptAtEastWest(inventory, gateway(inventory, 'shop/entrance'), {
      authority,
      identity,
      judgedBy,
    });
    return target.kind === 'refused' ? `${target.status}` : target.gates.map(({ name }) => name).join(' ');
  };
  const guarded = 'guarded.shop.svc.cluster.local:80';
  const there = mesh(entrance(), waypoint('gate', { metadata: { labels: east } }));
  const elsewhere = mesh(entrance(), waypoint('gate'));
  const ofWaypoint = 'spiffe://cluster.local/ns/shop/sa/gate';
  const ofIngress = 'spiffe://cluster.local/ns/shop/sa/front-istio';

  it.each([
    ['web.shop.svc.cluster.local:80', 'far farther'],
    ['WEB.shop.svc.cluster.local:80', 'far farther'],
    ['local.shop.svc.cluster.local:80', '400'],
    ['10.96.0.1:80', '400'],
    ['10.1.0.2:8080', '400'],
    ['web.shop.svc.cluster.local:81', '503'],
    ['plain.out.svc.cluster.local:80', '503'],
    ['web.shop.svc.cluster.local', '400'],
  ])('answers %s with %s', (authority, answer) => {
    expect(asked(there, authority)).toBe(answer);
  });

  it.each([
    ['a client that claims nothing', {}, 'gate', 'gate'],
    ['a client that claims to be a waypoint', { judgedBy: 'waypoint' }, 'gate', 'far farther'],
    ['a client that claims to be a gateway', { judgedBy: 'gateway' }, 'gate', 'far farther'],
    ['a client that claims to be both', { judgedBy: 'waypoint, gateway' }, 'gate', 'gate'],
    ['the waypoint', { identity: ofWaypoint, judgedBy: 'waypoint' }, 'far farther', 'far farther'],
    ['the waypoint that claims to be a gateway', { identity: ofWaypoint, judgedBy: 'gateway' }, 'gate', 'far farther'],
    ['an ingress gateway', { identity: ofIngress, judgedBy: 'gateway' }, 'far farther', 'far farther'],
    ['an ingress gateway that claims to be a waypoint', { identity: ofIngress, judgedBy: 'waypoint' }, 'gate', 'far farther'],
  ])('hands %s on to %j', (_, tunnel, inStrict, inUpstream) => {
    expect([asked(there, guarded, tunnel), asked(there, guarded, { ...tunnel, dialect: upstream })]).toEqual([
      inStrict,
      inUpstream,
    ]);
  });

  it('hands an ingress gateway on to the waypoint where that has to go through it', () => {
    const through = there.replace(
      '"istio.io/use-waypoint":"gate"',
      '"istio.io/use-waypoint":"gate","istio.io/ingress-use-waypoint":"true"',
    );
    for (const dialect of [strict, upstream])
      expect(asked(through, guarded, { identity: ofIngress, judgedBy: 'gateway', dialect })).toBe('gate');
  });

  describe('before a service with a canary waypoint', () => {
    const split = (text: string) =>
      text
        .replace('"istio.io/use-waypoint":"gate"', '"istio.io/use-waypoint":"gate","istio.io/use-waypoint-canary":"next"')
        .replace('"name":"guarded"', '"name":"guarded","annotations":{"istio.io/use-waypoint-canary-weight":"30"}');
    const [gateThere, nextThere] = ['gate', 'next'].map((name) => waypoint(name, { metadata: { labels: east } }));
    const both = split(mesh(entrance(), gateThere ?? '', nextThere ?? ''));
    const ofCanary = 'spiffe://cluster.local/ns/shop/sa/next';

    it('hands on to those of its waypoints that are here, by weight', () => {
      const inventory = inventoryOf(both);
      const tunnel = { authority: guarded, identity: 'spiffe://cluster.local/ns/shop/sa/default' };
      const target = acceptAtEastWest(inventory, gateway(inventory, 'shop/entrance'), tunnel);
      expect(target).toMatchObject({ kind: 'gates', gates: [{ name: 'gate' }, { name: 'next' }], weights: [70, 30] });
      expect(asked(split(mesh(entrance(), waypoint('gate'), nextThere ?? '')), guarded)).toBe('next');
      expect(asked(split(mesh(entrance(), waypoint('gate'), waypoint('next'))), guarded)).toBe('503');
    });

    it('believes the canary, too, that it has judged', () => {
      expect(asked(both, guarded, { identity: ofCanary, judgedBy: 'waypoint' })).toBe('far farther');
      expect(asked(both.replace('"30"', '"none"'), guarded, { identity: ofCanary, judgedBy: 'waypoint' })).toBe('gate');
    });

    it('may end in either of them, whichever the client has drawn', () => {
      const inventory = inventoryOf(both);
      const route = routeFromWorkload(inventory, workload(inventory, 'shop/client'), { host: 'guarded', port: 80 });
      const ways = route.kind === 'split' ? route.ways : [];
      expect(ways.map(({ weight }) => weight)).toEqual([70, 30]);
      for (const way of ways) {
        expect(way.route).toMatchObject({
          through: { key: 'shop/entrance' },
          behind: [{ key: 'shop/gate' }, { key: 'shop/next' }],
        });
      }
    });
  });

  it('refuses what has not been judged by a waypoint of another network', () => {
    expect(asked(elsewhere, guarded)).toBe('503');
    expect(asked(elsewhere, guarded, { identity: ofWaypoint, judgedBy: 'waypoint' })).toBe('far farther');
  });

  it('refuses in strict where the waypoint is missing, and upstream goes without', () => {
    expect(asked(mesh(entrance()), guarded)).toBe('503');
    expect(asked(mesh(entrance()), guarded, { dialect: upstream })).toBe('far farther');
  });
});
