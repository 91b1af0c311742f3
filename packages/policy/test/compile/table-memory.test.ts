import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileTable } from '../../src/compile/compile-table.js';
import type { Dimension } from '../../src/compile/dimension.js';
import { defaultOptions } from '../../src/compile/options.js';
import type { CompiledRule } from '../../src/compile/rule.js';
import { globParts } from '../../src/compile/rules/string-patterns.js';
import { type Keeper, TableMemory } from '../../src/compile/table-memory.js';
import { matchesGlob } from '../../src/reference/glob.js';

const path: Dimension<string> = { key: 'path', kind: 'text', perConnection: false, read: (text) => text };
const globs = ['a*a', 'a*b', '*a*b*', 'b*', '*', 'ab*ba', 'a*a*a'];

const rules = globs.map((glob): CompiledRule<string> => {
  const patterns = [{ kind: 'parts' as const, parts: globParts(glob) }];
  return { groups: [[[{ dimension: path, negated: false, whenAwaited: false, patterns }]]] };
});

function tableWith(memory: TableMemory, closuresUpTo: number) {
  const table = compileTable(rules, { ...defaultOptions, closuresUpTo, memory });
  return (text: string) => {
    table.begin(text);
    return rules.flatMap((_, rule) => (table.next(rule, rule + 1) === rule ? [globs[rule]] : []));
  };
}

const text = fc.string({ unit: fc.constantFrom('a', 'b', 'x'), maxLength: 12 });

describe('tables that share a memory', () => {
  it('answer as if they had one each, however little it is', () => {
    fc.assert(
      fc.property(fc.constantFrom(0, 1, 700, 2000, 1 << 20), fc.array(fc.tuple(fc.nat({ max: 2 }), text)), (limit, asked) => {
        const memory = new TableMemory(limit);
        const tables = [tableWith(memory, -1), tableWith(memory, -1), tableWith(memory, 100)];
        for (const [at, each] of asked) {
          expect(tables[at]?.(each)).toEqual(globs.filter((glob) => matchesGlob(glob, each)));
        }
      }),
    );
  });

  it('keep no more than there is of it, all together', () => {
    const limit = 100_000;
    const memory = new TableMemory(limit);
    const tables = Array.from({ length: 50 }, () => tableWith(memory, -1));
    let most = 0;
    for (let turn = 0; turn < 5000; turn++) {
      tables[turn % tables.length]?.((turn * 7919).toString(2).replaceAll('0', 'a').replaceAll('1', 'b'));
      most = Math.max(most, memory.kept);
      expect(memory.kept).toBeLessThanOrEqual(limit);
    }
    expect(most).toBeGreaterThan(limit / 2);
  });
});

describe('TableMemory', () => {
  it('makes all forget when it is used up, the one who asks too, even for its first byte', () => {
    const memory = new TableMemory(1000);
    const forgot: string[] = [];
    const [a, b]: Keeper[] = [{ forget: () => forgot.push('a') }, { forget: () => forgot.push('b') }];
    if (a === undefined || b === undefined) throw new Error('there are two');
    const [first, second] = [memory.shareOf(a), memory.shareOf(b)];
    expect(first.keep(800)).toBe(true);
    expect(second.keep(1)).toBe(false);
    expect(forgot).toEqual(['a', 'b']);
    expect(memory.kept).toBe(0);
  });

  it('counts what is given back once', () => {
    const memory = new TableMemory();
    const keeper: Keeper = { forget: () => {} };
    const [share, other] = [memory.shareOf(keeper), memory.shareOf(keeper)];
    share.keep(8);
    share.keep(8);
    other.keep(8);
    const left = other.bytes;
    share.release();
    share.release();
    expect([memory.kept, share.bytes]).toEqual([left, 0]);
  });
});
