import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileRegular } from '../../../src/legacy/pattern/regular.js';

function matches(pattern: string, text: string): boolean {
  const compiled = compileRegular(pattern);
  if ('problem' in compiled) throw new Error(`${pattern}: ${compiled.problem}`);
  return compiled.matches(text);
}

const problemOf = (pattern: string): string | undefined => {
  const compiled = compileRegular(pattern);
  return 'problem' in compiled ? compiled.problem : undefined;
};

/** Patterns whose meaning the platform's engine shares, from pieces that all of them may contain. */
const piece = fc.constantFrom(
  'a',
  'b',
  '.',
  'ab',
  '[ab]',
  '[^a]',
  '[a-c]',
  '\\d',
  '\\w',
  '\\.',
  '(?:a|b)',
  '(a)',
  '(?:x{2})',
  '/',
);
const repeat = fc.constantFrom('', '*', '+', '?', '{1,2}', '{2,}', '*?');
const sequence = fc.array(fc.tuple(piece, repeat), { maxLength: 5 }).map((parts) => parts.map((part) => part.join('')).join(''));
const pattern = fc.array(sequence, { minLength: 1, maxLength: 3 }).map((choices) => choices.join('|'));
const subject = fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'x', '1', '.', '/', 'B'), maxLength: 8 });

describe('compileRegular', () => {
  it('matches whole texts as the engine of the platform does', () => {
    fc.assert(
      fc.property(pattern, subject, (expression, text) => {
        expect(matches(expression, text)).toBe(new RegExp(`^(?:${expression})$`, 'u').test(text));
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['a|b', 'a', true],
    ['a|b', 'ab', false],
    ['.*/ns/shop|zz/.*', 'td/ns/shop', true],
    ['.*/ns/shop|zz/.*', 'zz/x', true],
    ['.*/ns/team.a/.*', 'td/ns/team-a/sa/web', true],
    ['.*/ns/team*/.*', 'td/ns/team-a/sa/web', false],
    ['.*/ns/team*/.*', 'td/ns/teammm/sa/web', true],
    ['.', '\n', false],
    ['(?s).', '\n', true],
    ['(?i)SHOP', 'shop', true],
    ['(?i:S)hop', 'sHop', false],
    ['(?P<name>a)b', 'ab', true],
    ['\\Qa.b\\E', 'a.b', true],
    ['\\Qa.b\\E', 'axb', false],
    ['\\x61\\x{62}\\143', 'abc', true],
    ['[[:alpha:]]+', 'aZ', true],
    ['[[:^digit:]]', '1', false],
    ['[]a]', ']', true],
    ['^a$', 'a', true],
    ['(?m)a$\\n^b', 'a\nb', true],
    ['a\\b-', 'a-', true],
    ['a\\Bb', 'ab', true],
    ['a{,2}', 'a{,2}', true],
    ['é.', 'é😀', true],
    ['', '', true],
    ['(|a)', '', true],
  ])('%j on %j is %s', (expression, text, expected) => {
    expect(matches(expression, text)).toBe(expected);
  });

  it.each([
    '(',
    ')',
    '[a',
    '[b-a]',
    '*a',
    '{2}',
    'a**',
    'a{2}{3}',
    'a{1001}',
    'a{3,2}',
    'a\\',
    '\\1',
    '\\pL',
    '\\C',
    '(?=a)',
    '(?!a)',
    '(?<=a)b',
    '(?<!a)b',
    '(?x)a',
    '[[:nothing:]]',
    '\\x{110000}',
  ])('%j is refused with a reason', (expression) => {
    expect(problemOf(expression)).toMatch(/\w/);
  });

  it('refuses what would be too large or too deep, and never fails otherwise', () => {
    expect(problemOf('((a{1000}){1000}){1000}')).toBe('it is too large');
    expect(problemOf('('.repeat(10_000))).toBe('groups are nested too deep');
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'()[]{}|*+?.\\^$-a1:,<>P=!'), maxLength: 12 }), (expression) => {
        const compiled = compileRegular(expression);
        if (!('problem' in compiled)) expect(typeof compiled.matches('a1-')).toBe('boolean');
      }),
      { numRuns: 2000 },
    );
  });

  it('takes time linear in the text where backtracking would take exponential time', () => {
    const started = performance.now();
    expect(matches('(a*)*b', 'a'.repeat(20_000))).toBe(false);
    expect(performance.now() - started).toBeLessThan(5_000);
  });
});
