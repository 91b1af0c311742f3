import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ExactTexts } from '../../../src/compile/classify/exact.js';
import { TextEnds } from '../../../src/compile/classify/text-ends.js';
import { reported } from './reported.js';

/** Texts that are alike in length or end, or both. */
const text = fc.oneof(
  fc
    .tuple(
      fc.constantFrom('a', 'b', 'spiffe://cluster.local/ns/', ''),
      fc.constantFrom('1', '22', ''),
      fc.constantFrom('/sa/default', '', 'é', '\ud83d'),
    )
    .map((parts) => parts.join('')),
  fc.string({ unit: 'binary', maxLength: 40 }),
);

describe('a table of texts by their ends', () => {
  it('knows the texts that it was made of, and no others', () => {
    fc.assert(
      fc.property(fc.uniqueArray(text, { maxLength: 40 }), fc.array(text), (texts, others) => {
        const table = TextEnds.of(texts);
        for (const [index, each] of texts.entries()) if (table !== undefined) expect(table.indexOf(each)).toBe(index);
        for (const other of others) expect(table?.indexOf(other) ?? texts.indexOf(other)).toBe(texts.indexOf(other));
      }),
      { numRuns: 500 },
    );
  });

  it('tells texts apart that differ far from their ends, up to a point', () => {
    const named = (end: string) => Array.from({ length: 100 }, (_, index) => `${100 + index}${end}`);
    for (const characters of [0, 5, 13, 29]) {
      const texts = named('x'.repeat(characters));
      const table = TextEnds.of(texts);
      expect(texts.map((each) => table?.indexOf(each))).toEqual(texts.map((_, index) => index));
    }
    expect(TextEnds.of(named('x'.repeat(32)))).toBeUndefined();
  });

  it('is made of many names such as policies list', () => {
    for (const count of [0, 1, 2, 1000, 100_000]) {
      const texts = Array.from({ length: count }, (_, index) => `spiffe://cluster.local/ns/team-${index}/sa/default`);
      const table = TextEnds.of(texts);
      expect(table).toBeDefined();
      for (let index = 0; index < count; index += 997) expect(table?.indexOf(texts[index] ?? '')).toBe(index);
      expect(table?.indexOf(`spiffe://cluster.local/ns/team-${count}/sa/default`)).toBe(-1);
    }
  });
});

describe('texts that are looked up as a whole', () => {
  it('are found by their ends, or where these are alike in a map, with the same questions', () => {
    const far = fc.stringMatching(/^[abc]{1,3}$/).map((beginning) => beginning + '-'.repeat(40));
    const many = fc.oneof(fc.array(text, { maxLength: 80 }), fc.array(fc.oneof(text, far), { minLength: 40, maxLength: 80 }));
    let [byEnds, byMap] = [0, 0];
    fc.assert(
      fc.property(many, fc.array(fc.oneof(text, far)), (texts, others) => {
        if (TextEnds.of([...new Set(texts)]) === undefined) byMap++;
        else byEnds++;
        const [fast, plain] = [true, false].map((textEnds) => {
          const exact = new ExactTexts();
          for (const [question, each] of texts.entries()) exact.add(each, question);
          exact.finish({ textEnds });
          return exact;
        });
        if (fast === undefined || plain === undefined) throw new Error('there are two');
        for (const each of [...texts, ...others]) {
          const asked = texts.flatMap((one, question) => (one === each ? [question] : []));
          for (const exact of [fast, plain]) expect(reported((hits) => exact.report(exact.scan(each), hits))).toEqual(asked);
        }
      }),
      { numRuns: 500 },
    );
    expect(byEnds).toBeGreaterThan(50);
    expect(byMap).toBeGreaterThan(5);
  });
});
