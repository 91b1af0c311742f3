import fc from 'fast-check';
import { expect, test } from 'vitest';
import { renewalTime, retryDelay } from '../../src/index.js';

const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

test('a certificate is renewed between four and six tenths of its life, whatever its life', () => {
  fc.assert(
    fc.property(fc.integer({ min: 10, max: 1e9 }), fc.integer({ min: 0, max: 2e12 }), random, (life, start, chance) => {
      const time = renewalTime({ notBefore: new Date(start), notAfter: new Date(start + life) }, chance).getTime() - start;
      expect(time).toBeGreaterThanOrEqual(Math.floor(life * 0.4));
      expect(time).toBeLessThanOrEqual(life * 0.6);
    }),
  );
});

test('failed attempts are repeated ever more slowly, at least once a minute', () => {
  expect(retryDelay(0, 0.999)).toBeLessThanOrEqual(1000);
  expect(retryDelay(3, 0)).toBe(4000);
  fc.assert(fc.property(fc.nat(1000), random, (attempt, chance) => retryDelay(attempt, chance) <= 60_000));
});
