import { describe, expect, it } from 'vitest';
import { bindZtunnel } from '../../src/bind/bind-ztunnel.js';
import type { ZtunnelBinding } from '../../src/bind/binding.js';
import type { Dialect } from '../../src/resource/dialect.js';
import { strict, upstream } from '../../src/resource/dialect.js';
import {
  documents,
  inventoryOf,
  l4Rule,
  l7Rule,
  namespace,
  pod,
  policy,
  serviceOf,
  waypoint,
  workload,
} from '../inventory/manifests.js';

const flagged: Dialect = { name: 'upstream', flags: { AMBIENT_ENABLE_DRY_RUN_AUTHORIZATION_POLICY: 'true' } };
const root = { namespace: 'istio-system' };
const dryRun = { annotations: { 'istio.io/dry-run': 'true' } };
const toService = { targetRefs: [{ group: '', kind: 'Service', name: 'web' }] };
const toWaypoint = { targetRefs: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'gate' }] };

function bind(dialect: Dialect, ...manifests: readonly string[]): ZtunnelBinding {
  const inventory = inventoryOf(documents(namespace('shop'), pod('web'), ...manifests), dialect);
  return bindZtunnel(inventory, workload(inventory, 'shop/web'));
}

/** What became of the policies: `bound as …`, `unbound, …` or `closes, …`. */
function outcome({ policies, unbound, closures }: ZtunnelBinding): string[] {
  return [
    ...closures.map(({ reason }) => `closes, ${reason}`),
    ...policies
      .filter(({ policy: p }) => !closures.some((closure) => closure.policy === p))
      .map(({ attachment }) => `bound as ${attachment}`),
    ...unbound.map(({ reason }) => `unbound, ${reason}`),
  ];
}

/** Rows of reference section 5.1, 5.2 and 4.2, and the rows of design's dialect table on ztunnels. */
const rows: readonly [title: string, manifests: readonly string[], strict: string[], upstream: string[]][] = [
  [
    'a matching selector',
    [policy('p', { selector: { matchLabels: { app: 'web' } }, rules: [l4Rule] })],
    ['bound as selector'],
    ['bound as selector'],
  ],
  [
    'another selector',
    [policy('p', { selector: { matchLabels: { app: 'db' } }, rules: [l4Rule] })],
    ['unbound, selector-mismatch'],
    ['unbound, selector-mismatch'],
  ],
  ['no selector', [policy('p', { rules: [l4Rule] })], ['bound as namespace'], ['bound as namespace']],
  [
    'no selector, in the root namespace',
    [policy('p', { rules: [l4Rule] }, root)],
    ['bound as root-namespace'],
    ['bound as root-namespace'],
  ],
  [
    'a matching selector, in the root namespace',
    [policy('p', { selector: { matchLabels: { app: 'web' } }, rules: [l4Rule] }, root)],
    ['bound as root-selector'],
    ['bound as root-selector'],
  ],
  ['no selector, in another namespace', [policy('p', { rules: [l4Rule] }, { namespace: 'other' })], [], []],
  [
    'a matching selector, in another namespace',
    [policy('p', { selector: { matchLabels: { app: 'web' } }, rules: [l4Rule] }, { namespace: 'other' })],
    ['unbound, other-namespace'],
    ['unbound, other-namespace'],
  ],
  ['an empty selector', [policy('p', { selector: {}, rules: [l4Rule] })], ['bound as namespace'], ['unbound, empty-selector']],
  [
    'an empty selector, in the root namespace',
    [policy('p', { selector: {}, rules: [l4Rule] }, root)],
    ['bound as root-namespace'],
    ['unbound, empty-selector'],
  ],
  ['no rules at all', [policy('p', {})], ['bound as namespace'], ['bound as namespace']],
  ['ALLOW with an L7 attribute', [policy('p', { rules: [l7Rule] })], ['closes, l7-at-ztunnel'], ['bound as namespace']],
  [
    'DENY with an L7 attribute',
    [policy('p', { action: 'DENY', rules: [l4Rule, l7Rule] })],
    ['closes, l7-at-ztunnel'],
    ['bound as namespace'],
  ],
  [
    'an L7 attribute in a dry run',
    [policy('p', { rules: [l7Rule] }, dryRun)],
    ['bound as namespace'],
    ['unbound, dry-run-flag-off'],
  ],
  [
    'AUDIT with an L7 attribute',
    [policy('p', { action: 'AUDIT', rules: [l7Rule] })],
    ['bound as namespace'],
    ['unbound, action-at-ztunnel'],
  ],
  [
    'CUSTOM',
    [policy('p', { action: 'CUSTOM', provider: { name: 'authz' }, rules: [l7Rule] })],
    ['bound as namespace'],
    ['unbound, action-at-ztunnel'],
  ],
  ['a dry run', [policy('p', { rules: [l4Rule] }, dryRun)], ['bound as namespace'], ['unbound, dry-run-flag-off']],
  [
    'a target that is its service, without waypoint',
    [serviceOf('web'), policy('p', { ...toService, rules: [l7Rule] })],
    ['closes, policy-without-waypoint'],
    ['unbound, service-without-waypoint'],
  ],
  [
    'a target that is its service, in a dry run',
    [serviceOf('web'), policy('p', { ...toService, rules: [l7Rule] }, dryRun)],
    ['unbound, service-without-waypoint'],
    ['unbound, service-without-waypoint'],
  ],
  [
    'a target that is its service, with a waypoint',
    [
      serviceOf('web', {}, { labels: { 'istio.io/use-waypoint': 'gate' } }),
      waypoint('gate'),
      policy('p', { ...toService, rules: [l7Rule] }),
    ],
    ['unbound, targets-service-at-ztunnel'],
    ['unbound, targets-service-at-ztunnel'],
  ],
  [
    'a target that is its service, whose waypoint does not exist',
    [serviceOf('web', {}, { labels: { 'istio.io/use-waypoint': 'gate' } }), policy('p', { ...toService, rules: [l7Rule] })],
    ['closes, policy-without-waypoint'],
    ['unbound, service-without-waypoint'],
  ],
  [
    'a target that is its waypoint',
    [
      serviceOf('web', {}, { labels: { 'istio.io/use-waypoint': 'gate' } }),
      waypoint('gate'),
      policy('p', { ...toWaypoint, rules: [l7Rule] }),
    ],
    ['unbound, targets-gateway-at-ztunnel'],
    ['unbound, targets-gateway-at-ztunnel'],
  ],
  [
    'a target that is something else',
    [waypoint('gate'), policy('p', { ...toWaypoint, rules: [l7Rule] })],
    ['unbound, targets-other-object'],
    ['unbound, targets-other-object'],
  ],
];

describe('a ztunnel and a policy with', () => {
  it.each(rows)('%s, in strict', (_, manifests, expected) => {
    expect(outcome(bind(strict, ...manifests))).toEqual(expected);
  });

  it.each(rows)('%s, in upstream', (_, manifests, __, expected) => {
    expect(outcome(bind(upstream, ...manifests))).toEqual(expected);
  });

  it('a dry run is bound in upstream when the control plane is told so', () => {
    expect(outcome(bind(flagged, policy('p', { rules: [l4Rule] }, dryRun)))).toEqual(['bound as namespace']);
  });

  it('the waypoint in front of it is admitted by a policy that nobody wrote, where the control plane is told so', () => {
    const told: Dialect = { name: 'upstream', flags: { PILOT_AUTO_ALLOW_WAYPOINT_POLICY: 'true' } };
    const behind = [serviceOf('web', {}, { labels: { 'istio.io/use-waypoint': 'gate' } }), waypoint('gate')];
    expect(bind(upstream, ...behind).policies).toEqual([]);
    expect(bind(told, serviceOf('web'), waypoint('gate')).policies).toEqual([]);
    const [implicit, ...others] = bind(told, ...behind).policies;
    expect(others).toEqual([]);
    expect(implicit).toMatchObject({
      policy: {
        metadata: { name: 'istio_allow_waypoint_shop_gate', namespace: 'shop' },
        action: 'ALLOW',
        rules: [{ from: [{ terms: [{ field: 'principals', values: [{ value: 'cluster.local/ns/shop/sa/gate' }] }] }] }],
      },
    });
  });

  it('any selector reaches a pod without labels in upstream, and none in strict', () => {
    const manifests = documents(
      namespace('shop'),
      pod('web', { labels: {} }),
      policy('p', { selector: { matchLabels: { app: 'db' } } }),
    );
    const bound = (dialect: Dialect) => {
      const inventory = inventoryOf(manifests, dialect);
      return outcome(bindZtunnel(inventory, workload(inventory, 'shop/web')));
    };
    expect(bound(upstream)).toEqual(['bound as selector']);
    expect(bound(strict)).toEqual(['unbound, selector-mismatch']);
  });
});

describe('which attributes a ztunnel cannot evaluate', () => {
  const source = (field: string, value: string) => ({ from: [{ source: { [field]: [value] } }] });
  const operation = (field: string, value: string) => ({ to: [{ operation: { [field]: [value] } }] });
  const when = (key: string, value: string) => ({ when: [{ key, values: [value] }] });

  it.each([
    ['principals', source('principals', 'cluster.local/ns/a/sa/b')],
    ['notNamespaces', source('notNamespaces', 'a')],
    ['serviceAccounts', source('serviceAccounts', 'a/b')],
    ['trustDomains', source('trustDomains', 'cluster.local')],
    ['ipBlocks', source('ipBlocks', '10.0.0.0/8')],
    ['ports', operation('ports', '80')],
    ['source.ip', when('source.ip', '10.0.0.1')],
    ['source.namespace', when('source.namespace', 'a')],
    ['source.principal', when('source.principal', 'a')],
    ['source.serviceAccount', when('source.serviceAccount', 'a/b')],
    ['source.trustDomain', when('source.trustDomain', 'cluster.local')],
    ['destination.ip', when('destination.ip', '10.0.0.1')],
    ['destination.port', when('destination.port', '80')],
  ])('%s is L4: it closes nothing', (_, rule) => {
    expect(bind(strict, policy('p', { rules: [rule] })).closures).toEqual([]);
  });

  it.each([
    ['requestPrincipals', source('requestPrincipals', '*')],
    ['remoteIpBlocks', source('remoteIpBlocks', '10.0.0.0/8')],
    ['hosts', operation('hosts', 'a')],
    ['methods', operation('methods', 'GET')],
    ['notPaths', operation('notPaths', '/a')],
    ['remote.ip', when('remote.ip', '10.0.0.1')],
    ['connection.sni', when('connection.sni', 'a')],
    ['request.headers[x]', when('request.headers[x]', 'a')],
    ['request.auth.principal', when('request.auth.principal', 'a')],
  ])('%s is L7: it closes the workload, and the closure names it', (name, rule) => {
    expect(bind(strict, policy('p', { rules: [l4Rule, rule] })).closures).toMatchObject([
      { reason: 'l7-at-ztunnel', rule: 1, detail: expect.stringContaining(`\`${name}\``) },
    ]);
  });
});
