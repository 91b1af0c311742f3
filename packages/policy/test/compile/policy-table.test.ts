import { describe, expect, it } from 'vitest';
import { compileEnvoy } from '../../src/compile/compile-policies.js';
import { defaultOptions } from '../../src/compile/options.js';
import { TableMemory } from '../../src/compile/table-memory.js';
import type { Facts } from '../../src/reference/facts.js';
import { gateWith, type Spec } from '../reference/mesh.js';

const bits = 12;

/** One AUDIT policy for each bit of a port: whatever set of them a client wants to match, it can. */
const audits = Array.from({ length: bits }, (_, bit): Spec => {
  const ports = Array.from({ length: 2 ** bits }, (__, port) => port).filter((port) => (port & (1 << bit)) !== 0);
  return { action: 'AUDIT', rules: [{ to: [{ operation: { ports: ports.map(String) } }] }] };
});

function facts(port: number): Facts {
  return { destinationIp: { bits: 32, value: 1n }, destinationPort: port };
}

describe('a table of policies', () => {
  const { inventory, binding } = gateWith('waypoint', audits);

  it.each([0, 100_000, 1 << 26])(
    'names every AUDIT policy that matches, with a memory of %i bytes, and keeps within it',
    (limit) => {
      const memory = new TableMemory(limit);
      const conclude = ({ audit }: { readonly audit: readonly { readonly policy: { metadata: { name: string } } }[] }) =>
        audit.map(({ policy }) => policy.metadata.name);
      const table = compileEnvoy(inventory, binding, 'tcp', conclude, { ...defaultOptions, memory });
      for (let port = 0; port < 2 ** bits; port++) {
        const names = table.decide(facts(port), 'custom-settled');
        const expected = audits.flatMap((_, bit) => ((port & (1 << bit)) === 0 ? [] : [`p-${bit}`]));
        expect(names.length === expected.length && expected.every((name) => names.includes(name))).toBe(true);
        expect(memory.kept).toBeLessThanOrEqual(limit);
      }
    },
  );
});
