import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lowerAscii, matchesPattern, matchesPresentPattern } from '../../src/reference/string-pattern.js';

describe('matchesPattern', () => {
  it.each([
    ['*', 'x', true],
    ['*', '', false],
    ['*x', 'ax', true],
    ['*x', 'x', true],
    ['*x', 'xa', false],
    ['x*', 'x', true],
    ['x*', 'xa', true],
    ['x*', 'ax', false],
    ['x', 'x', true],
    ['x', 'X', false],
    ['*a*', 'ba*', true],
    ['*a*', 'bac', false],
    ['a*b', 'a*b', true],
    ['a*b', 'axb', false],
    ['**', 'x*', true],
    ['**', 'x', false],
    ['.*', '.x', true],
    ['.*', 'xx', false],
  ])('pattern %j on %j is %j', (pattern, text, expected) => {
    expect(matchesPattern(pattern, text)).toBe(expected);
  });

  it('takes a value without stars literally, whatever characters it holds', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.string(),
        (value, text) => value.includes('*') || matchesPattern(value, text) === (value === text),
      ),
    );
  });

  it('holds for every prefix and suffix that it names', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.string(), (part, rest) => {
        if (part.startsWith('*') || part.endsWith('*')) return;
        expect(matchesPattern(`${part}*`, part + rest)).toBe(true);
        expect(matchesPattern(`*${part}`, rest + part)).toBe(true);
      }),
    );
  });
});

it('a header that is present but empty is present', () => {
  expect(matchesPresentPattern('*', '')).toBe(true);
  expect(matchesPresentPattern('a', '')).toBe(false);
});

it('lower case means ASCII only, so that no other letter becomes one', () => {
  expect(lowerAscii('AbC-\u0130\u212a')).toBe('abc-\u0130\u212a');
});
