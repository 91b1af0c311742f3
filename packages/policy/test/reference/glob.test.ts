import fc from 'fast-check';
import { expect, it } from 'vitest';
import { matchesGlob } from '../../src/reference/glob.js';

it('agrees with an anchored expression in which each star is any run', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '/', '.') });
  const glob = fc.string({ unit: fc.constantFrom('a', 'b', '/', '.', '*') });
  fc.assert(
    fc.property(glob, text, (pattern, subject) => {
      const quoted = pattern.split('*').map((piece) => piece.replaceAll('.', '\\.'));
      return matchesGlob(pattern, subject) === new RegExp(`^${quoted.join('.*')}$`).test(subject);
    }),
    { numRuns: 2000 },
  );
});

it('never counts a character for both the prefix and the suffix', () => {
  expect(matchesGlob('ab*ba', 'aba')).toBe(false);
  expect(matchesGlob('ab*ba', 'abba')).toBe(true);
});

it('stays quick on stars that could be tried in many ways', () => {
  expect(matchesGlob('*a'.repeat(200), `${'a'.repeat(20_000)}b`)).toBe(false);
});
