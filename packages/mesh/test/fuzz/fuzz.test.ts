import { describe, expect, it } from 'vitest';
import { fuzz } from './fuzz.js';
import type { FuzzTarget } from './fuzz-target.js';
import { targets } from './targets/index.js';

describe('every parser of bytes from the network', () => {
  it.each(targets.map((target) => [target.name, target] as const))(
    'keeps its promises whatever the bytes: %s (`npm run fuzz` goes deeper)',
    async (_name, target) => {
      const { failure, runs } = await fuzz(target, { seed: 1, goesOn: (count) => count < 300 });
      expect(failure).toBeUndefined();
      expect(runs).toBeGreaterThan(250);
    },
  );
});

describe('the fuzzer', () => {
  const target: FuzzTarget = {
    name: 'broken',
    seeds: () => [Buffer.from('xx<b>xx')],
    words: ['<bug>'],
    run: (bytes) => {
      if (bytes.includes('<bug>')) throw new Error('found');
    },
  };

  it('finds what is broken, and makes it small', async () => {
    const { failure } = await fuzz(target, { seed: 1, goesOn: (count) => count < 10_000 });
    expect(failure?.input.toString()).toBe('<bug>');
  });

  it('does the same again from the same seed', async () => {
    const inputs = async () => {
      const seen: string[] = [];
      const run = (bytes: Buffer): void => void seen.push(bytes.toString('hex'));
      await fuzz({ ...target, run }, { seed: 7, goesOn: (count) => count < 500 });
      return seen;
    };
    expect(await inputs()).toEqual(await inputs());
  });
});
