import { describe, expect, it } from 'vitest';
import { percentile, timeDecisions } from '../src/decisions/time-decisions.js';

describe('percentile', () => {
  it('takes the sample below which the share lies, whatever their order', () => {
    const samples = Float64Array.from({ length: 100 }, (_, index) => 100 - index);
    expect(percentile(samples, 0.5)).toBe(51);
    expect(percentile(samples, 0.99)).toBe(100);
    expect(samples[0]).toBe(100);
  });

  it('gives the only sample', () => {
    expect(percentile(Float64Array.of(7), 0.99)).toBe(7);
  });

  it('is nothing of no samples', () => {
    expect(() => percentile(new Float64Array(0), 0.5)).toThrow('nothing was measured');
  });
});

describe('timeDecisions', () => {
  it('keeps every answer, in order', () => {
    const { allowed, nanoseconds } = timeDecisions([1, 2, 3, 4], (input) => input % 2 === 0, { milliseconds: 1000, minimum: 1 });
    expect([...allowed]).toEqual([0, 1, 0, 1]);
    expect(nanoseconds).toHaveLength(4);
  });

  it('goes on to the minimum when the time is up, and no further', () => {
    const { allowed } = timeDecisions(Array.from({ length: 100 }), () => true, { milliseconds: -1, minimum: 5 });
    expect(allowed).toHaveLength(5);
  });

  it('stops when it has had its share of a processor', () => {
    const { allowed } = timeDecisions(Array.from({ length: 10_000 }), () => spin(1), { milliseconds: 5, minimum: 1 });
    expect(allowed.length).toBeLessThan(100);
  });

  it('finds a slow decision among fast ones', () => {
    const slow = 3;
    const { nanoseconds } = timeDecisions([0, 1, 2, slow, 4, 5], (input) => (input === slow ? spin(20) : true), {
      milliseconds: 10_000,
      minimum: 1,
    });
    expect(nanoseconds.indexOf(Math.max(...nanoseconds))).toBe(slow);
    expect(nanoseconds[slow]).toBeGreaterThan(19e6);
  });
});

function spin(milliseconds: number): boolean {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
  return true;
}
