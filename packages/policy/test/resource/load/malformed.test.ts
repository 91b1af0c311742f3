import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Span } from '../../../src/diagnostic/span.js';
import { strict, upstream } from '../../../src/resource/dialect.js';
import { load } from '../load.js';
import { validManifests } from '../manifests.js';

/** One way to spoil a text; positions are fractions of its length, so that they mean something in any text. */
type Mutation = (text: string) => string;

const tokens = [
  'null',
  '5',
  '-1',
  'true',
  'y',
  '{}',
  '[]',
  '""',
  '*x',
  '&x',
  '!t',
  '{{',
  ']',
  '"',
  "'",
  ': ',
  '- ',
  '\t',
  '\n',
  '\n\n---\n',
  '#',
  '|',
  '>',
  '%',
  '\u0000',
  '\u001b',
  '\ud800',
  '\ufeff',
  'é',
  '10.0.0.0/08',
  '__proto__',
  '<<',
  '<<: *x',
  '80',
  '/{**}/{*}',
  '*',
];

const at = fc.double({ min: 0, max: 1, noNaN: true });
const place = (text: string, fraction: number): number => Math.floor(fraction * text.length);

function onLines(text: string, change: (lines: string[]) => void): string {
  const lines = text.split('\n');
  change(lines);
  return lines.join('\n');
}

const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.tuple(at, fc.constantFrom(...tokens)).map(
    ([where, token]): Mutation =>
      (text) =>
        text.slice(0, place(text, where)) + token + text.slice(place(text, where)),
  ),
  fc.tuple(at, fc.nat(30)).map(
    ([where, count]): Mutation =>
      (text) =>
        text.slice(0, place(text, where)) + text.slice(place(text, where) + count),
  ),
  fc.tuple(at, fc.nat(127)).map(
    ([where, code]): Mutation =>
      (text) =>
        text.slice(0, place(text, where)) + String.fromCharCode(code) + text.slice(place(text, where) + 1),
  ),
  at.map(
    (where): Mutation =>
      (text) =>
        text.slice(0, place(text, where)),
  ),
  at.map(
    (where): Mutation =>
      (text) =>
        onLines(text, (lines) =>
          lines.splice(Math.floor(where * lines.length), 0, lines[Math.floor(where * lines.length)] ?? ''),
        ),
  ),
  fc.tuple(at, at).map(
    ([a, b]): Mutation =>
      (text) =>
        onLines(text, (lines) => {
          const [i, j] = [Math.floor(a * (lines.length - 1)), Math.floor(b * (lines.length - 1))];
          [lines[i], lines[j]] = [lines[j] ?? '', lines[i] ?? ''];
        }),
  ),
  fc.tuple(at, fc.constantFrom(' ', '  ', '\t')).map(
    ([where, indent]): Mutation =>
      (text) =>
        onLines(text, (lines) => {
          const index = Math.floor(where * (lines.length - 1));
          lines[index] = indent + (lines[index] ?? '');
        }),
  ),
  fc.tuple(at, fc.constantFrom(...tokens)).map(
    ([where, token]): Mutation =>
      (text) => {
        const values = [...text.matchAll(/: ?([^\n]+)/g)];
        const value = values[Math.floor(where * (values.length - 1))];
        return value === undefined ? text : `${text.slice(0, value.index)}: ${token}${text.slice(value.index + value[0].length)}`;
      },
  ),
);

const spoilt = fc
  .tuple(
    fc.shuffledSubarray([...validManifests], { minLength: 1, maxLength: 3 }),
    fc.array(mutation, { minLength: 1, maxLength: 4 }),
  )
  .map(([manifests, mutations]) => mutations.reduce((text, mutate) => mutate(text), manifests.join('---\n')));

const holds = (outer: Span, inner: Span): boolean =>
  outer.start.offset <= inner.start.offset && inner.end.offset <= outer.end.offset;

describe('a spoilt manifest', () => {
  it('loads or is refused in place, and nothing with an error is in the set (1,000 of them)', () => {
    const outcomes = { loaded: 0, refused: 0 };
    fc.assert(
      fc.property(spoilt, fc.constantFrom(strict, upstream), (text, dialect) => {
        const { set, diagnostics } = load(text, dialect);
        const errors = diagnostics.filter(({ kind, severity }) => kind === 'invalid' && severity === 'error');
        outcomes[errors.length === 0 ? 'loaded' : 'refused'] += 1;
        for (const { message, hint, span } of diagnostics) {
          expect(message).toMatch(/^[^\p{Cc}]+$/u);
          expect(hint).toMatch(/./);
          expect(span.start.offset).toBeLessThanOrEqual(span.end.offset);
          expect(span.end.offset).toBeLessThanOrEqual(text.length);
          expect(text.slice(0, span.start.offset).split('\n')).toHaveLength(span.start.line);
        }
        for (const resource of set.resources) expect(errors.filter(({ span }) => holds(resource.span, span))).toEqual([]);
        const again = load(text, dialect);
        expect({ set: again.set, diagnostics: again.diagnostics }).toEqual({ set, diagnostics });
      }),
      { numRuns: 1000, seed: 20260821, endOnFailure: false },
    );
    // Both outcomes have to be common, or the property says little.
    expect(outcomes.loaded).toBeGreaterThan(50);
    expect(outcomes.refused).toBeGreaterThan(300);
  });

  it('is refused whatever the text is', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'{}[]:,-?*&!|>\'"%@` \n\tab#0<.~') }), (text) => {
        const { set, diagnostics } = load(text);
        expect(set.resources).toEqual([]);
        for (const { span } of diagnostics) expect(span.end.offset).toBeLessThanOrEqual(text.length);
      }),
      { numRuns: 2000, seed: 20260821 },
    );
  });
});
