import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PrefixTree } from '../../../src/compile/classify/prefix-tree.js';
import { placesWhere, reported } from './reported.js';

const text = fc.string({ unit: fc.constantFrom('a', 'b', '/', '\ud83d', '\u0000'), maxLength: 8 });
const patterns = fc.uniqueArray(
  text.filter((each) => each !== ''),
  { minLength: 1, maxLength: 12 },
);

function treeOf(texts: readonly string[], direction: 'forward' | 'backward'): PrefixTree {
  return new PrefixTree(new Map(texts.map((each, question) => [each, [question]])), direction);
}

describe('PrefixTree', () => {
  it('finds the patterns that a text begins with, and no others', () => {
    fc.assert(
      fc.property(patterns, text, (texts, subject) => {
        const tree = treeOf(texts, 'forward');
        const found = reported((hits) => tree.report(tree.scan(subject), hits));
        expect(found).toEqual(placesWhere(texts, (each) => subject.startsWith(each)));
      }),
    );
  });

  it('read backward finds the patterns that a text ends with', () => {
    fc.assert(
      fc.property(patterns, text, (texts, subject) => {
        const tree = treeOf(texts, 'backward');
        const found = reported((hits) => tree.report(tree.scan(subject), hits));
        expect(found).toEqual(placesWhere(texts, (each) => subject.endsWith(each)));
      }),
    );
  });

  it('answers 0 where nothing matches', () => {
    expect(treeOf(['ab', 'abc'], 'forward').scan('a')).toBe(0);
  });

  it('takes thousands of patterns inside one another', () => {
    const texts = Array.from({ length: 5000 }, (_, length) => 'a'.repeat(length + 1));
    const tree = treeOf(texts, 'forward');
    expect(reported((hits) => tree.report(tree.scan('a'.repeat(4000)), hits))).toHaveLength(4000);
  });
});
