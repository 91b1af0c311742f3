import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileTable } from '../../src/compile/compile-table.js';
import type { Dimension } from '../../src/compile/dimension.js';
import { defaultOptions } from '../../src/compile/options.js';
import type { Pattern } from '../../src/compile/pattern.js';
import type { CompiledRule, Literal } from '../../src/compile/rule.js';

interface Subject {
  readonly name?: string;
  readonly groups: readonly string[];
  readonly port: number;
}

const dimensions: readonly Dimension<Subject>[] = [
  { key: 'name', kind: 'text', perConnection: true, read: ({ name }) => name },
  { key: 'groups', kind: 'text', perConnection: false, read: ({ groups }) => groups, isAwaited: ({ port }) => port === 9 },
  { key: 'port', kind: 'number', perConnection: true, read: ({ port }) => port },
];
const word = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 3 });
const textual = fc.oneof(
  word.map((text): Pattern => ({ kind: 'exact', text })),
  word.map((text): Pattern => ({ kind: 'prefix', text })),
  word.map((text): Pattern => ({ kind: 'suffix', text })),
  fc.constant<Pattern>({ kind: 'non-empty' }),
);
const numeric = fc.nat({ max: 9 }).map((value): Pattern => ({ kind: 'number', value }));
const literal: fc.Arbitrary<Literal<Subject>> = fc.constantFrom(...dimensions).chain((dimension) =>
  fc.record({
    dimension: fc.constant(dimension),
    negated: fc.boolean(),
    whenAwaited: fc.boolean(),
    patterns: fc.array(dimension.kind === 'number' ? numeric : textual, { minLength: 1, maxLength: 3 }),
  }),
);
const conjunction = fc.array(literal, { maxLength: 3 });
const group = fc.array(conjunction, { maxLength: 3 });
const rule: fc.Arbitrary<CompiledRule<Subject>> = fc.array(group, { maxLength: 3 }).map((groups) => ({ groups }));
const subject: fc.Arbitrary<Subject> = fc.record(
  { name: word, groups: fc.array(word, { maxLength: 3 }), port: fc.nat({ max: 9 }) },
  { requiredKeys: ['groups', 'port'] },
);

/** What a rule means, word for word. */
function matches({ groups }: CompiledRule<Subject>, asked: Subject): boolean {
  return groups.every((alternatives) => alternatives.some((literals) => literals.every((each) => holds(each, asked))));
}

function holds({ dimension, negated, whenAwaited, patterns }: Literal<Subject>, asked: Subject): boolean {
  if (dimension.isAwaited?.(asked)) return whenAwaited;
  const read = dimension.kind === 'text' || dimension.kind === 'number' ? dimension.read(asked) : undefined;
  const found: readonly (string | number)[] = read === undefined ? [] : typeof read === 'object' ? read : [read];
  return found.some((value) => patterns.some((pattern) => fits(pattern, value))) !== negated;
}

function fits(pattern: Pattern, value: string | number): boolean {
  if (pattern.kind === 'number') return value === pattern.value;
  const text = String(value);
  if (pattern.kind === 'exact') return text === pattern.text;
  if (pattern.kind === 'prefix') return text.startsWith(pattern.text);
  if (pattern.kind === 'suffix') return text.endsWith(pattern.text);
  return text !== '';
}

describe.each([
  ['closures', { closuresUpTo: Number.POSITIVE_INFINITY }],
  ['masks', { closuresUpTo: -1 }],
  ['masks of groups apart', { closuresUpTo: -1, productUpTo: 0 }],
] as const)('a table of %s', (_, options) => {
  it('names the rules that match, in order, and the alternatives by which they do', () => {
    // More than 32 rules now and then, so that a mask has several words.
    const rules = fc.oneof(fc.array(rule, { maxLength: 8 }), fc.array(rule, { minLength: 20, maxLength: 80 }));
    fc.assert(
      fc.property(rules, fc.array(subject, { minLength: 1, maxLength: 5 }), (compiled, subjects) => {
        const table = compileTable(compiled, { ...defaultOptions, ...options });
        for (const asked of subjects) {
          table.begin(asked);
          const found: number[] = [];
          for (let at = table.next(0, compiled.length); at >= 0; at = table.next(at + 1, compiled.length)) found.push(at);
          expect(found).toEqual(compiled.flatMap((each, index) => (matches(each, asked) ? [index] : [])));
          for (const index of found) {
            const expected = compiled[index]?.groups.map((alternatives) =>
              alternatives.findIndex((literals) => literals.every((each) => holds(each, asked))),
            );
            expect(compiled[index]?.groups.map((__, place) => table.choice(index, place))).toEqual(expected);
          }
        }
      }),
    );
  });
});

describe('a table of masks', () => {
  it('keeps apart the rules of a range', () => {
    const open: CompiledRule<Subject> = { groups: [] };
    const closed: CompiledRule<Subject> = { groups: [[]] };
    const rules = Array.from({ length: 3000 }, (_, index) => (index % 1000 === 999 ? open : closed));
    const table = compileTable(rules, { ...defaultOptions, closuresUpTo: -1 });
    table.begin({ groups: [], port: 1 });
    expect([table.next(0, 999), table.next(0, 1000), table.next(1000, 3000), table.next(2999, 3000)]).toEqual([
      -1, 999, 1999, 2999,
    ]);
  });

  it('forgets what a subject said that threw in the middle', () => {
    const about = (text: string, negated: boolean): Literal<Subject> => ({
      dimension: dimensions[1] as Dimension<Subject>,
      negated,
      whenAwaited: false,
      patterns: [{ kind: 'exact', text }],
    });
    const rules: readonly CompiledRule<Subject>[] = [
      { groups: [[[about('a', false)]]] },
      { groups: [[[about('b', true)]]] },
      { groups: [[[about('a', false), about('b', true)]]] },
    ];
    const table = compileTable(rules, { ...defaultOptions, closuresUpTo: -1 });
    const matching = (groups: readonly string[]) => {
      table.begin({ groups, port: 1 });
      return rules.flatMap((_, rule) => (table.next(rule, rule + 1) === rule ? [rule] : []));
    };
    for (const first of ['a', 'b']) {
      const groups = [first, 'x', 'y'];
      const breaking = new Proxy(groups, {
        get(target, name) {
          if (name === '2') throw new Error('cannot be read');
          return Reflect.get(target, name);
        },
      });
      expect(() => matching(breaking)).toThrow('cannot be read');
      expect(matching(['x'])).toEqual([1]);
      expect(() => matching(breaking)).toThrow('cannot be read');
      expect(matching(['x', 'y'])).toEqual([1]);
      expect(() => matching(breaking)).toThrow('cannot be read');
      expect(matching([])).toEqual([1]);
    }
  });
});
