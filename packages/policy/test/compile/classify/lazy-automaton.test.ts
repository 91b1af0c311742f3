import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LazyAutomaton } from '../../../src/compile/classify/lazy-automaton.js';
import type { Part } from '../../../src/compile/pattern.js';
import { globParts, pathPattern, requestPrincipalPattern } from '../../../src/compile/rules/string-patterns.js';
import { matchesGlob } from '../../../src/reference/glob.js';
import { isPathTemplate, matchesPathTemplate } from '../../../src/reference/path-template.js';
import { matchesRequestPrincipal } from '../../../src/reference/request-principal.js';
import { placesWhere, reported } from './reported.js';

const pieces = fc.constantFrom('a', 'b', '/', '*', 'é', '\ud83d\ude00', '\u0000');
const glob = fc.string({ unit: pieces, maxLength: 6 });
const template = fc
  .array(fc.constantFrom('/', 'a', 'b', '{*}', '{**}', '=', '{', '*'), { maxLength: 6 })
  .map((parts) => `/${parts.join('')}`);
const path = fc
  .string({ unit: fc.constantFrom('/', 'a', 'b', 'x', '=', '*', ' ', '{', 'é'), maxLength: 10 })
  .map((each) => `/${each}`);

function automatonOf(patterns: readonly (readonly Part[])[], transitions: number, forgotten = () => {}): LazyAutomaton {
  const automaton = new LazyAutomaton({ transitions }, forgotten);
  for (const [question, parts] of patterns.entries()) automaton.add(parts, question);
  automaton.finish();
  return automaton;
}

function partsOf(value: string): readonly Part[] {
  const pattern = pathPattern(value);
  if (pattern.kind !== 'parts') throw new Error(`${value} is no template`);
  return pattern.parts;
}

/** From too little for two states to more than is ever needed. */
const budgets = fc.constantFrom(0, 200, 1 << 16);

describe('LazyAutomaton', () => {
  it('matches globs as the interpreter does, whatever its budget', () => {
    fc.assert(
      fc.property(
        fc.array(glob, { minLength: 1, maxLength: 6 }),
        fc.array(glob, { maxLength: 6 }),
        budgets,
        (globs, texts, budget) => {
          const automaton = automatonOf(globs.map(globParts), budget);
          for (const text of texts) {
            const found = reported((hits) => automaton.report(automaton.scan(text), hits));
            expect(found).toEqual(placesWhere(globs, (each) => matchesGlob(each, text)));
          }
        },
      ),
    );
  });

  it('matches path templates as the interpreter does, literals behind `{**}` included', () => {
    const templates = fc.array(template.filter(isPathTemplate), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(templates, fc.array(path, { maxLength: 6 }), budgets, (values, paths, budget) => {
        const automaton = automatonOf(values.map(partsOf), budget);
        for (const each of paths) {
          const found = reported((hits) => automaton.report(automaton.scan(each), hits));
          expect(found).toEqual(placesWhere(values, (value) => matchesPathTemplate(value, each)));
        }
      }),
    );
  });

  it('matches issuer and subject of a token as the interpreter does', () => {
    const value = fc.string({ unit: fc.constantFrom('a', '/', '*', '\u0000'), maxLength: 6 });
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 6 }), value, value, budgets, (values, iss, sub, budget) => {
        const automaton = automatonOf(
          values.map((each) => {
            const pattern = requestPrincipalPattern(each);
            return pattern.kind === 'parts' ? pattern.parts : [];
          }),
          budget,
        );
        const found = reported((hits) => automaton.report(automaton.scanPair(iss, sub), hits));
        expect(found).toEqual(placesWhere(values, (each) => matchesRequestPrincipal(each, { iss, sub })));
      }),
    );
  });

  it('has no more numbers than states, however often it forgets them, and says each time that it does', () => {
    let meanings = new Map<number, string>();
    let forgotten = 0;
    const globs = ['*abba*', 'a*b*ab', '*a', '*b*bb*a*'];
    const automaton = automatonOf(globs.map(globParts), 0, () => {
      meanings = new Map();
      forgotten++;
    });
    for (let turn = 0; turn < 3000; turn++) {
      const text = (turn * 7919).toString(2).replaceAll('0', 'a').replaceAll('1', 'b');
      const id = automaton.scan(text);
      expect(id).toBeLessThan(10);
      const meaning = reported((hits) => automaton.report(id, hits)).join();
      expect(meanings.get(id) ?? meaning).toBe(meaning);
      meanings.set(id, meaning);
      expect(meaning).toBe(placesWhere(globs, (each) => matchesGlob(each, text)).join());
    }
    expect(forgotten).toBeGreaterThan(100);
  });
});
