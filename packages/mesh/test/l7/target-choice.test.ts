import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RoundRobin } from '../../src/l7/round-robin.js';
import { weightedChoice } from '../../src/l7/weighted-choice.js';

describe('choosing by weight', () => {
  it('gives every backend its share and one without weight nothing', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(20), { minLength: 1, maxLength: 6 }), (weights) => {
        const items = weights.map((weight, index) => ({ weight, index }));
        const total = weights.reduce((sum, weight) => sum + weight, 0);
        const counts = weights.map(() => 0);
        for (let step = 0; step < total; step += 1) {
          const chosen = weightedChoice(items, () => (step + 0.5) / total);
          counts[chosen?.index ?? -1] = (counts[chosen?.index ?? -1] ?? 0) + 1;
        }
        expect(counts).toEqual(weights);
      }),
    );
  });

  it('chooses nothing where nothing has weight', () => {
    expect(weightedChoice([{ weight: 0 }], () => 0)).toBeUndefined();
    expect(weightedChoice([], () => 0)).toBeUndefined();
  });
});

describe('taking turns', () => {
  it('begins with another member each time and leaves none out', () => {
    const turns = new RoundRobin();
    expect(turns.order('a', [1, 2, 3])).toEqual([1, 2, 3]);
    expect(turns.order('a', [1, 2, 3])).toEqual([2, 3, 1]);
    expect(turns.order('b', [1, 2, 3])).toEqual([1, 2, 3]);
    expect(turns.order('a', [1, 2])).toEqual([1, 2]);
    expect(turns.order('a', [])).toEqual([]);
  });
});
