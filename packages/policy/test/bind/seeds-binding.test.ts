import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bindGateway } from '../../src/bind/bind-gateway.js';
import { bindWaypoint } from '../../src/bind/bind-waypoint.js';
import { bindZtunnel } from '../../src/bind/bind-ztunnel.js';
import { routeFromGate, routeFromWorkload } from '../../src/bind/route-outbound.js';
import { buildInventory } from '../../src/inventory/build-inventory.js';
import type { Inventory, ServiceInfo } from '../../src/inventory/inventory.js';
import { type Dialect, strict, upstream } from '../../src/resource/dialect.js';
import { loadResources } from '../../src/resource/load/load-resources.js';
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

/** One row of the tables of the seeds: who enforces a policy, and whose identity that gate sees. */
interface Placement {
  readonly source: string;
  readonly enforcedBy: readonly string[];
}

const waypointIdentity = 'spiffe://cluster.local/ns/shop/sa/gate';
const clientIdentity = 'spiffe://cluster.local/ns/shop/sa/client';

function meshWith(throughWaypoint: boolean, attached: string): string {
  return documents(
    namespace('shop'),
    pod('client', { serviceAccount: 'client' }),
    pod('web', { serviceAccount: 'web' }),
    serviceOf('web', {}, throughWaypoint ? { labels: { 'istio.io/use-waypoint': 'gate' } } : {}),
    waypoint('gate', { metadata: { labels: { 'istio.io/waypoint-for': 'service' } } }),
    attached,
  );
}

/** Follows a request of the client to the service, and notes the gates that hold the policy and the peer that each sees. */
function place(inventory: Inventory): Placement {
  const web: ServiceInfo = service(inventory, 'shop/web');
  const client = workload(inventory, 'shop/client');
  const first = routeFromWorkload(inventory, client, { host: 'web', port: 80 });
  const enforcedBy: string[] = [];
  let source = client.identity;
  if (first.kind === 'waypoint') {
    if (bindWaypoint(inventory, first.gateway, web).policies.length > 0) return { source, enforcedBy: ['waypoint'] };
    source = first.gateway.workload.identity;
  }
  const last = first.kind === 'waypoint' ? routeFromGate(inventory, first.gateway, web, 80) : first;
  if (last.kind !== 'hbone') throw new Error(last.kind);
  for (const { workload: destination } of last.endpoints) {
    if (bindZtunnel(inventory, destination).policies.length > 0) enforcedBy.push('destination ztunnel');
  }
  return { source, enforcedBy };
}

const attachments = {
  selector: { selector: { matchLabels: { app: 'web' } } },
  empty: {},
  service: { targetRefs: [{ group: '', kind: 'Service', name: 'web' }] },
  gateway: { targetRefs: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'gate' }] },
};

const rows: readonly [waypoint: boolean, attachment: keyof typeof attachments, source: string, enforcedBy: string][] = [
  [false, 'selector', clientIdentity, 'destination ztunnel'],
  [true, 'selector', waypointIdentity, 'destination ztunnel'],
  [false, 'empty', clientIdentity, 'destination ztunnel'],
  [true, 'empty', waypointIdentity, 'destination ztunnel'],
  [true, 'service', clientIdentity, 'waypoint'],
  [true, 'gateway', clientIdentity, 'waypoint'],
];

describe.each([
  ['TCP', l4Rule],
  ['HTTP', l7Rule],
])('the table of %s enforcement', (_, rule) => {
  it.each(rows)('waypoint %s, attachment %s: source %s, enforced by %s', (throughWaypoint, attachment, source, enforcedBy) => {
    const manifests = meshWith(throughWaypoint, policy('p', { ...attachments[attachment], rules: [rule] }));
    for (const dialect of [strict, upstream]) {
      expect(place(inventoryOf(manifests, dialect))).toEqual({ source, enforcedBy: [enforcedBy] });
    }
  });
});

describe('binding', () => {
  const files = [
    namespace('shop', { 'istio.io/dataplane-mode': 'ambient', 'istio.io/use-waypoint': 'gate' }),
    pod('web'),
    pod('bare', { labels: {} }),
    serviceOf('web'),
    waypoint('gate'),
    ingress('front'),
    ...Object.entries(attachments).map(([name, attachment]) => policy(name, { ...attachment, rules: [l7Rule] })),
    policy('root', {}, { namespace: 'istio-system' }),
    policy('root-selector', { selector: { matchLabels: { app: 'web' } } }, { namespace: 'istio-system' }),
    policy('none', { selector: {} }),
    policy('deny', { action: 'DENY', rules: [l4Rule] }),
    policy('elsewhere', { selector: { matchLabels: { app: 'web' } } }, { namespace: 'other' }),
  ].map((text, index) => ({ path: `${index}.yaml`, text }));

  function everyBinding(order: typeof files, dialect: Dialect): unknown {
    const { inventory } = buildInventory(loadResources(order, dialect).set, dialect);
    const gates = [
      bindZtunnel(inventory, workload(inventory, 'shop/web')),
      bindZtunnel(inventory, workload(inventory, 'shop/bare')),
      bindWaypoint(inventory, gateway(inventory, 'shop/gate'), service(inventory, 'shop/web')),
      bindGateway(inventory, gateway(inventory, 'shop/front')),
    ];
    return gates.map(({ policies, unbound, closures }) => ({ policies, unbound, closures }));
  }

  it.each([strict, upstream])('does not depend on the order of the manifests, in $name', (dialect) => {
    const expected = everyBinding(files, dialect);
    fc.assert(
      fc.property(fc.shuffledSubarray(files, { minLength: files.length }), (order) => {
        expect(everyBinding(order, dialect)).toEqual(expected);
      }),
      { numRuns: 50 },
    );
  });

  it('accounts for every policy of the namespaces in scope: enforced, a closure, or with a reason', () => {
    const { inventory } = buildInventory(loadResources(files, strict).set, strict);
    const { policies, unbound, closures } = bindZtunnel(inventory, workload(inventory, 'shop/web'));
    const accounted = new Set([...policies, ...unbound, ...closures].map((item) => item.policy));
    expect(inventory.policies.filter((item) => !accounted.has(item)).map(({ metadata }) => metadata.name)).toEqual([]);
  });
});
