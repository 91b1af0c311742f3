import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LazyAutomaton } from '../../src/compile/classify/lazy-automaton.js';
import { regularParts } from '../../src/compile/roles/regular-parts.js';
import { casesOf } from '../../src/legacy/pattern/program.js';
import { compileRegular } from '../../src/legacy/pattern/regular.js';

const forgotten = () => undefined;

/** A test by the automaton of a dimension; undefined for an expression that it cannot take. */
function byAutomaton(expression: string): ((text: string) => boolean) | undefined {
  const compiled = compileRegular(expression);
  const alternatives = 'problem' in compiled ? undefined : regularParts(compiled.expression);
  if (alternatives === undefined) return undefined;
  const automaton = new LazyAutomaton({ transitions: 1 << 16 }, forgotten);
  for (const parts of alternatives) automaton.add(parts, 0);
  automaton.finish();
  return (text) => automaton.scan(text) !== 0;
}

const piece = fc.constantFrom(
  'a',
  'b',
  '.',
  'ab',
  '[ab]',
  '[^a]',
  '[^\\n]',
  '[a-c1]',
  '\\d',
  '\\w',
  '[[:alpha:]]',
  '(?i:k)',
  '(?i:[r-t])',
  '(?i:[^k])',
  '😀',
  '[a😀]',
  '\\b',
  '(?:a|b)',
  '(?:x{2})',
  '\\n',
);
const repeat = fc.constantFrom('', '', '*', '+', '?', '{1,2}', '{2,}', '{0}', '*?');
const sequence = fc.array(fc.tuple(piece, repeat), { maxLength: 5 }).map((parts) => parts.map((part) => part.join('')).join(''));
const expression = fc.array(sequence, { minLength: 1, maxLength: 3 }).map((choices) => choices.join('|'));
const unit = fc.constantFrom(
  'a',
  'b',
  'k',
  'K',
  'x',
  '1',
  's',
  '\u212a',
  '\u017f',
  'İ',
  '\n',
  '😀',
  '\ud83d',
  '\ude00',
  '_',
  '-',
);
const text = fc.string({ unit, maxLength: 8 });

describe('the automaton of a dimension', () => {
  it('says of every text what the regular expression says that it was made from', () => {
    const seen = { taken: 0, left: 0, matched: 0 };
    fc.assert(
      fc.property(expression, fc.array(text, { minLength: 8, maxLength: 8 }), (written, texts) => {
        const compiled = compileRegular(written);
        const taken = byAutomaton(written);
        seen[taken === undefined ? 'left' : 'taken'] += 1;
        if (taken === undefined || 'problem' in compiled) return;
        for (const each of texts) {
          const expected = compiled.matches(each);
          expect(taken(each), JSON.stringify([written, each])).toBe(expected);
          if (expected) seen.matched += 1;
        }
      }),
      { numRuns: 5000 },
    );
    expect(seen.taken).toBeGreaterThan(500);
    expect(seen.left).toBeGreaterThan(500);
    expect(seen.matched).toBeGreaterThan(500);
  });

  it.each([
    ['.*/ns/prod-[a-z]+/.*', 'td/ns/prod-eu/sa/x', 'td/ns/prod-1/sa/x'],
    ['.*/ns/team-\\d{2,}/.*', 'td/ns/team-07/sa/x', 'td/ns/team-7/sa/x'],
    ['.*/ns/v\\d{1,3}/.*', 'td/ns/v12/sa/x', 'td/ns/v1234/sa/x'],
    ['.*/ns/(?i)shop/.*', 'td/ns/sHop/sa/x', 'td/ns/shoq/sa/x'],
    ['.*/ns/[^-/]*/.*', 'td/ns/shop/sa/x', 'td/ns/sh-op/sa'],
    ['.*/ns/(prod|test)(-\\w+)?/.*', 'td/ns/test-a_1/sa/x', 'td/ns/tes/sa/x'],
  ])('takes %s', (written, matching, other) => {
    const taken = byAutomaton(written);
    expect(taken?.(matching)).toBe(true);
    expect(taken?.(other)).toBe(false);
  });

  it.each([
    '.*/ns/sh.p/.*',
    '.*/ns/(ab)*/.*',
    '.*/ns/\\bshop/.*',
    '.*/ns/[^a]b/.*',
    '.*/ns/[\\x{100}-\\x{1000}]/.*',
    '.*/ns/[\\x{10000}-\\x{10001}]/.*',
  ])('leaves %s to an automaton of its own', (written) => {
    expect(byAutomaton(written)).toBeUndefined();
    expect(compileRegular(written)).not.toHaveProperty('problem');
  });

  it('has no character of one unit that falls together with one of two', () => {
    for (let point = 0x10000; point <= 0x10ffff; point++) {
      for (const each of casesOf(point)) if (each <= 0xffff) throw new Error(`${point.toString(16)} is ${each.toString(16)}`);
    }
  });
});
