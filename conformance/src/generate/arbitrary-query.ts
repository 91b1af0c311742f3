import fc from 'fast-check';
import type { CaseQuery, CaseRequest, CaseSource, Layer, Manifest } from '../cases/case.js';
import { type Mentions, mentionedValues } from './mentioned-values.js';
import { identities, pools } from './pools.js';

const gates: Readonly<Record<Layer, { readonly target: string; readonly ports: readonly number[] }>> = {
  ztunnel: { target: 'Pod/shop/api', ports: [8080, 3306] },
  waypoint: { target: 'Service/shop/api', ports: [80] },
  'waypoint-tcp': { target: 'Service/shop/api', ports: [3306] },
  gateway: { target: 'Gateway/shop/edge', ports: [80] },
  'gateway-tcp': { target: 'Gateway/shop/edge', ports: [9000] },
};

const layers = fc.oneof(
  { weight: 3, arbitrary: fc.constant<Layer>('ztunnel') },
  { weight: 4, arbitrary: fc.constant<Layer>('waypoint') },
  { weight: 1, arbitrary: fc.constant<Layer>('waypoint-tcp') },
  { weight: 2, arbitrary: fc.constant<Layer>('gateway') },
  { weight: 1, arbitrary: fc.constant<Layer>('gateway-tcp') },
);

/** A question to one of the gates, two times in three made of what the policies mention. */
export function arbitraryQuery(policies: readonly Manifest[]): fc.Arbitrary<Omit<CaseQuery, 'expect'>> {
  const mentions = mentionedValues(policies);
  return layers.chain((layer) => {
    const { target, ports } = gates[layer];
    const base = fc.record({
      port: fc.constantFrom(...ports),
      source: sourceAt(layer, mentions),
      request: requestNear(mentions),
    });
    const isHttp = layer === 'waypoint' || layer === 'gateway';
    return base.map(({ request, ...rest }) => ({ layer, target, ...rest, ...(isHttp ? { request } : {}) }));
  });
}

function near(mentioned: readonly string[], pool: readonly string[]): fc.Arbitrary<string> {
  const any = fc.constantFrom(...pool);
  return mentioned.length === 0
    ? any
    : fc.oneof({ weight: 2, arbitrary: fc.constantFrom(...mentioned) }, { weight: 1, arbitrary: any });
}

/** A waypoint sees nobody without an identity, a gateway hardly anybody with one. */
function sourceAt(layer: Layer, mentions: Mentions): fc.Arbitrary<CaseSource> {
  const ip = near(mentions.addresses, pools.addresses);
  const identity = near(mentions.identities, identities);
  const known = fc.record({ identity, ip });
  if (layer.startsWith('gateway')) return fc.record({ ip });
  if (layer === 'ztunnel') return fc.oneof({ weight: 6, arbitrary: known }, { weight: 1, arbitrary: fc.record({ ip }) });
  if (layer === 'waypoint') return known;
  return fc.record({ identity, ip, sni: near(mentions.serverNames, pools.serverNames) }, { requiredKeys: ['identity', 'ip'] });
}

function requestNear(mentions: Mentions): fc.Arbitrary<CaseRequest> {
  const header = fc
    .constantFrom(...pools.headerNames)
    .chain((name) => fc.tuple(fc.constant(name), near(mentions.headerValues, pools.headerValues)));
  const forwarded = near(mentions.addresses, pools.addresses).map((ip) => ['x-forwarded-for', ip] as [string, string]);
  return fc.record({
    method: near(mentions.methods, pools.methods),
    path: near(mentions.paths, pools.paths),
    host: near(mentions.hosts, pools.hosts),
    headers: fc.oneof(
      { weight: 5, arbitrary: fc.array(header, { maxLength: 2 }) },
      { weight: 2, arbitrary: fc.tuple(forwarded) },
    ),
  });
}
