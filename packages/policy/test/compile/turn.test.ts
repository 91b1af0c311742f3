import { describe, expect, it } from 'vitest';
import { compileCustom } from '../../src/compile/compile-custom.js';
import { compileEnvoy } from '../../src/compile/compile-policies.js';
import { defaultOptions } from '../../src/compile/options.js';
import type { Facts } from '../../src/reference/facts.js';
import { gateWith, type Spec } from '../reference/mesh.js';

const facts = (port: number): Facts => ({
  identity: 'spiffe://cluster.local/ns/shop/sa/web',
  destinationIp: { bits: 32, value: 1n },
  destinationPort: port,
});

const ports = (...values: readonly string[]) => [{ to: [{ operation: { ports: values } }] }];
const specs: readonly Spec[] = [{ action: 'DENY', rules: ports('1') }, { rules: ports('1', '2') }];
const custom: Spec = { action: 'CUSTOM', provider: { name: 'ask' }, rules: ports('1') };

/** Facts that ask for another decision each time their port is read. */
function asking(port: number, ask: () => unknown): Facts {
  return {
    ...facts(port),
    get destinationPort() {
      ask();
      return port;
    },
  };
}

describe.each([0, 100])('a table of rules, of which up to %i are closures', (closuresUpTo) => {
  const options = { ...defaultOptions, closuresUpTo };

  it('takes no second decision while it is in the middle of one, and then goes on with that', () => {
    const { inventory, binding } = gateWith('waypoint', specs);
    const table = compileEnvoy(inventory, binding, 'tcp', ({ reason }) => reason, options);
    for (const [port, reason] of [
      [1, 'deny-policy'],
      [2, 'allow-policy'],
      [3, 'no-allow-match'],
    ] as const) {
      for (const other of [1, 2, 3]) {
        let asked = 0;
        const ask = () => {
          asked++;
          expect(() => table.decide(facts(other), 'custom-settled')).toThrow('inside another');
        };
        expect(table.decide(asking(port, ask), 'custom-settled')).toBe(reason);
        expect(asked).toBeGreaterThan(0);
        expect(table.decide(facts(port), 'custom-settled')).toBe(reason);
      }
    }
  });

  it('is free again after a decision that threw', () => {
    const { inventory, binding } = gateWith('waypoint', specs);
    const table = compileEnvoy(inventory, binding, 'tcp', ({ reason }) => reason, options);
    const throwing = asking(1, () => {
      throw new Error('cannot be read');
    });
    expect(() => table.decide(throwing, 'custom-settled')).toThrow('cannot be read');
    expect(table.decide(facts(1), 'custom-settled')).toBe('deny-policy');
  });

  it('does the same where it looks for whom to ask', () => {
    const { inventory, binding } = gateWith('waypoint', [custom]);
    const matching = compileCustom(inventory, binding, 'tcp', options);
    const asks = asking(1, () => expect(() => matching('ask', facts(2))).toThrow('inside another'));
    expect(matching('ask', asks)).toMatchObject({ rule: 0 });
    expect(matching('ask', facts(2))).toBeUndefined();
  });
});
