import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  allCombinations,
  countCombinations,
  pairwiseCombinations,
  randomCombinations,
} from '../../../src/migrate/prove/combinations.js';

const sizes = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 2, maxLength: 6 });

describe('combinations', () => {
  it('are all there, each once', () => {
    fc.assert(
      fc.property(sizes, (each) => {
        const all = [...allCombinations(each)].map(String);
        expect(new Set(all).size).toBe(all.length);
        expect(all).toHaveLength(countCombinations(each));
      }),
      { numRuns: 30 },
    );
  });

  it('by pairs hold every pair of values of any two dimensions', () => {
    fc.assert(
      fc.property(sizes, (each) => {
        const rows = [...pairwiseCombinations(each)];
        expect(rows.length).toBeLessThanOrEqual(countCombinations(each));
        for (let a = 0; a < each.length; a++)
          for (let b = a + 1; b < each.length; b++)
            expect(new Set(rows.map((row) => `${row[a]} ${row[b]}`)).size).toBe((each[a] ?? 0) * (each[b] ?? 0));
      }),
      { numRuns: 50 },
    );
  });

  it('at random are within bounds, and the same each time', () => {
    const rows = [...randomCombinations([3, 7, 1], 200)];
    expect(rows).toEqual([...randomCombinations([3, 7, 1], 200)]);
    expect(new Set(rows.map((row) => row[1]))).toEqual(new Set([0, 1, 2, 3, 4, 5, 6]));
    expect(rows.every(([a = 0, , c]) => a < 3 && c === 0)).toBe(true);
  });
});
