import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type OutboundPlan, planOutbound } from '../../src/ztunnel/outbound-plan.js';
import { RoundRobin } from '../../src/ztunnel/round-robin.js';
import { servedBy, waypoint } from '../l7/l7-mesh.js';
import { ambientNamespace, pod } from '../support/manifests.js';
import { inventoryOf } from '../support/test-mesh.js';

const canary = (weight: number) =>
  servedBy('gate', 'shop', 'server', '10.2.0.1', '[{ name: http, port: 80, targetPort: 8080 }]').replace(
    'labels: {',
    `annotations: { istio.io/use-waypoint-canary-weight: "${weight}" }, labels: { istio.io/use-waypoint-canary: next,`,
  );

/** Which waypoint a connection to the service takes, for each number that is drawn. */
function drawn(weight: number): (random: number) => string {
  const inventory = inventoryOf([
    ambientNamespace('shop'),
    pod('shop', 'client', { address: '10.1.0.1' }),
    pod('shop', 'server', { address: '10.1.0.3', ports: [8080] }),
    waypoint('shop', 'gate'),
    waypoint('shop', 'next'),
    canary(weight),
  ]);
  const addresses = {
    socketAddress: (address: string) => address,
    policyAddress: (address: string) => address,
    applicationAddress: () => undefined,
    socketPort: (port: number) => port,
    isGateAddress: () => false,
    proxyCredential: () => undefined,
  };
  const snapshot = { number: 1, inventory, addresses };
  const destination = { host: 'server.shop', port: 80 };
  return (random) => named(planOutbound(snapshot, 'shop/client', destination, new RoundRobin(), () => random));
}

function named(plan: OutboundPlan): string {
  return plan.kind === 'hbone' ? `${plan.workload.gateway} for ${plan.authority}` : plan.kind;
}

describe('the source side of a connection to a service with a canary waypoint', () => {
  it('takes the canary in exactly its share of all that can be drawn', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 100 }), (weight) => {
        const choose = drawn(weight);
        const taken = Array.from({ length: 100 }, (_, step) => choose((step + 0.5) / 100));
        expect(taken.filter((each) => each === 'shop/next for 10.2.0.1:80')).toHaveLength(weight);
        expect(taken.filter((each) => each === 'shop/gate for 10.2.0.1:80')).toHaveLength(100 - weight);
      }),
      { numRuns: 20, examples: [[0], [100], [1], [99]] },
    );
  });

  it.each([
    [0, 'shop/gate'],
    [100, 'shop/next'],
  ])('at weight %i takes no other, whatever is drawn', (weight, only) => {
    const choose = drawn(weight);
    for (const random of [0, Number.MIN_VALUE, 0.5, 1 - Number.EPSILON / 2])
      expect(choose(random)).toBe(`${only} for 10.2.0.1:80`);
  });
});
