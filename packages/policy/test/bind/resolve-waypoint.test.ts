import { describe, expect, it } from 'vitest';
import type { WaypointResolution } from '../../src/bind/binding.js';
import { resolveServiceWaypoint, resolveWorkloadWaypoint } from '../../src/bind/resolve-waypoint.js';
import type { Dialect } from '../../src/resource/dialect.js';
import { strict, upstream } from '../../src/resource/dialect.js';
import {
  documents,
  ingress,
  inventoryOf,
  namespace,
  pod,
  service,
  serviceOf,
  waypoint,
  workload,
} from '../inventory/manifests.js';

const use = (name: string, inNamespace?: string) => ({
  'istio.io/use-waypoint': name,
  ...(inNamespace === undefined ? {} : { 'istio.io/use-waypoint-namespace': inNamespace }),
});
const serves = (what: string) => ({ metadata: { labels: { 'istio.io/waypoint-for': what } } });
const infra = (allowedRoutes?: object) =>
  waypoint('gate', { metadata: { namespace: 'infra' }, listener: allowedRoutes === undefined ? {} : { allowedRoutes } });
const notReady = { status: { addresses: [] } };

function text(resolution: WaypointResolution): string {
  if (resolution.kind === 'none') return `none, ${resolution.why}`;
  if (resolution.kind === 'refused') return `refused, ${resolution.named} ${resolution.why}`;
  return `${resolution.gateway.key} by ${resolution.by}`;
}

function resolved(dialect: Dialect, kind: 'service' | 'workload', ...manifests: readonly string[]): string {
  const inventory = inventoryOf(documents(...manifests), dialect);
  return text(
    kind === 'service'
      ? resolveServiceWaypoint(inventory, service(inventory, 'shop/web'))
      : resolveWorkloadWaypoint(inventory, workload(inventory, 'shop/web')),
  );
}

/** Reference section 5.3, items 1 to 6; `upstream` only where it differs. */
const services: readonly [title: string, manifests: string[], strict: string, upstream?: string][] = [
  ['no label', [serviceOf('web'), waypoint('gate')], 'none, not-named'],
  ['the label on the service', [serviceOf('web', {}, { labels: use('gate') }), waypoint('gate')], 'shop/gate by object'],
  ['the label on the namespace', [namespace('shop', use('gate')), serviceOf('web'), waypoint('gate')], 'shop/gate by namespace'],
  [
    'another waypoint on the service than on the namespace',
    [namespace('shop', use('gate')), serviceOf('web', {}, { labels: use('own') }), waypoint('gate'), waypoint('own')],
    'shop/own by object',
  ],
  [
    '`none` on the service',
    [namespace('shop', use('gate')), serviceOf('web', {}, { labels: use('none') }), waypoint('gate')],
    'none, opted-out',
  ],
  ['no such waypoint', [serviceOf('web', {}, { labels: use('gate') })], 'refused, shop/gate missing', 'none, unusable'],
  [
    'no such waypoint on the service and a good one on the namespace',
    [namespace('shop', use('gate')), serviceOf('web', {}, { labels: use('gone') }), waypoint('gate')],
    'refused, shop/gone missing',
    'none, unusable',
  ],
  [
    'a waypoint that is not ready',
    [serviceOf('web', {}, { labels: use('gate') }), waypoint('gate', notReady)],
    'refused, shop/gate not-ready',
    'none, unusable',
  ],
  [
    'an ingress gateway for a waypoint',
    [serviceOf('web', {}, { labels: use('front') }), ingress('front')],
    'refused, shop/front not-a-waypoint',
    'shop/front by object',
  ],
  [
    'a waypoint for workloads',
    [serviceOf('web', {}, { labels: use('gate') }), waypoint('gate', serves('workload'))],
    'none, traffic-type',
  ],
  ['a waypoint for all', [serviceOf('web', {}, { labels: use('gate') }), waypoint('gate', serves('all'))], 'shop/gate by object'],
  [
    'a waypoint for none',
    [serviceOf('web', {}, { labels: use('gate') }), waypoint('gate', serves('none'))],
    'none, traffic-type',
  ],
  [
    'a waypoint elsewhere that admits its own namespace',
    [serviceOf('web', {}, { labels: use('gate', 'infra') }), infra()],
    'refused, infra/gate not-allowed',
    'none, unusable',
  ],
  [
    'a waypoint elsewhere that admits all',
    [serviceOf('web', {}, { labels: use('gate', 'infra') }), infra({ namespaces: { from: 'All' } })],
    'infra/gate by object',
  ],
  [
    'a waypoint elsewhere that selects it',
    [
      namespace('shop', { team: 'a' }),
      serviceOf('web', {}, { labels: use('gate', 'infra') }),
      infra({ namespaces: { from: 'Selector', selector: { matchLabels: { team: 'a' } } } }),
    ],
    'infra/gate by object',
  ],
  [
    'a waypoint elsewhere that selects it by name',
    [
      serviceOf('web', {}, { labels: use('gate', 'infra') }),
      infra({ namespaces: { from: 'Selector', selector: { matchLabels: { 'kubernetes.io/metadata.name': 'shop' } } } }),
    ],
    'infra/gate by object',
  ],
  [
    'a waypoint elsewhere that selects others',
    [
      namespace('shop', { team: 'b' }),
      serviceOf('web', {}, { labels: use('gate', 'infra') }),
      infra({ namespaces: { from: 'Selector', selector: { matchLabels: { team: 'a' } } } }),
    ],
    'refused, infra/gate not-allowed',
    'none, unusable',
  ],
  [
    'a waypoint elsewhere, and its own namespace alone to see it',
    [
      serviceOf('web', {}, { labels: use('gate', 'infra'), annotations: { 'networking.istio.io/exportTo': '.' } }),
      infra({ namespaces: { from: 'All' } }),
    ],
    'refused, infra/gate not-allowed',
    'infra/gate by object',
  ],
  [
    'the pods of the waypoint itself',
    [
      namespace('shop', use('gate')),
      serviceOf('web', {}, { labels: { 'gateway.networking.k8s.io/gateway-name': 'gate' } }),
      waypoint('gate'),
    ],
    'none, is-waypoint',
  ],
];

const workloads: readonly [title: string, manifests: string[], strict: string, upstream?: string][] = [
  ['a waypoint for services', [namespace('shop', use('gate')), pod('web'), waypoint('gate')], 'none, traffic-type'],
  [
    'a waypoint for workloads',
    [namespace('shop', use('gate')), pod('web'), waypoint('gate', serves('workload'))],
    'shop/gate by namespace',
  ],
  ['a waypoint for all', [pod('web', { labels: use('gate') }), waypoint('gate', serves('all'))], 'shop/gate by object'],
  [
    'a waypoint for workloads that is not ready',
    [namespace('shop', use('gate')), pod('web'), waypoint('gate', { ...serves('workload'), ...notReady })],
    'refused, shop/gate not-ready',
    'none, unusable',
  ],
  [
    'a waypoint for services that is not ready',
    [namespace('shop', use('gate')), pod('web'), waypoint('gate', notReady)],
    'none, traffic-type',
    'none, unusable',
  ],
  ['no such waypoint on its namespace, which is about services', [namespace('shop', use('gate')), pod('web')], 'none, unusable'],
  ['no such waypoint on itself', [pod('web', { labels: use('gate') })], 'refused, shop/gate missing', 'none, unusable'],
  [
    '`none` on itself',
    [namespace('shop', use('gate')), pod('web', { labels: use('none') }), waypoint('gate', serves('all'))],
    'none, opted-out',
  ],
];

describe('the waypoint of a service with', () => {
  it.each(services)('%s', (_, manifests, inStrict, inUpstream = inStrict) => {
    expect(resolved(strict, 'service', ...manifests)).toBe(inStrict);
    expect(resolved(upstream, 'service', ...manifests)).toBe(inUpstream);
  });
});

describe('the waypoint of a workload with', () => {
  it.each(workloads)('%s', (_, manifests, inStrict, inUpstream = inStrict) => {
    expect(resolved(strict, 'workload', ...manifests)).toBe(inStrict);
    expect(resolved(upstream, 'workload', ...manifests)).toBe(inUpstream);
  });
});
