import { describe, expect, it } from 'vitest';
import type { Case } from '../../src/cases/case.js';
import { type CaseEngine, MeshRefused } from '../../src/cases/engine.js';
import { interpreter } from '../../src/cases/interpreter.js';
import { loadCases } from '../../src/cases/load-cases.js';
import { runCases } from '../../src/cases/run-cases.js';
import { Tally } from '../../src/recorded/tally.js';

const cases = loadCases();

function run(engine: CaseEngine, some: readonly Case[] = cases): Tally {
  const tally = new Tally();
  runCases(engine, some, tally);
  return tally;
}

describe("the project's own cases", () => {
  it('are answered by the interpreter as they say', () => {
    const tally = run(interpreter);
    expect(tally.disagreements).toEqual([]);
    expect(tally.passed).toBeGreaterThan(1000);
  });

  it('have titles of their own', () => {
    const names = cases.map(({ name }) => name);
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
  });

  it('are all failed by an engine that turns every answer over', () => {
    const contrary: CaseEngine = {
      load(mesh, dialect) {
        const world = interpreter.load(mesh, dialect);
        return {
          answer(query) {
            const answer = world.answer(query);
            return { ...answer, effect: answer.effect === 'allow' ? 'deny' : 'allow' };
          },
        };
      },
    };
    const some = cases.filter(({ refused }, index) => index % 10 === 0 && Object.keys(refused).length === 0);
    expect(run(contrary, some).passed).toBe(0);
  });
});

describe('a case', () => {
  const [sample] = cases;
  if (sample === undefined) throw new Error('there are cases');
  const asked = (expected: object): Case => ({
    ...sample,
    queries: sample.queries.slice(0, 1).map((query) => ({
      ...query,
      expect: { strict: { effect: 'allow', reason: 'allow-policy', ...expected } },
    })) as Case['queries'],
  });
  const answering = (answer: object): CaseEngine => ({
    load: () => ({
      answer: () => ({
        effect: 'allow',
        reason: 'allow-policy',
        policy: null,
        audit: [],
        asked: [],
        received: { a: 'b' },
        enforced: [],
        ...answer,
      }),
    }),
  });

  it.each([
    ['reason', {}, { reason: 'no-policy' }, 'expected reason allow-policy, got no-policy'],
    ['policy', { policy: 'shop/p' }, {}, 'expected policy shop/p, got null'],
    ['rule', { rule: 1 }, { rule: 0 }, 'expected rule 1, got 0'],
    ['audit', { audit: ['shop/log'] }, {}, 'expected audit [shop/log], got []'],
    ['dry run', { dryRun: 'deny' }, {}, 'expected dryRun deny, got nothing'],
    ['status', { status: 401 }, { status: 403 }, 'expected status 401, got 403'],
    ['header', { received: { a: null } }, {}, 'expected header a null, got b'],
  ])('fails where the %s differs', (_, expected, answer, line) => {
    const { disagreements } = run(answering(answer), [asked(expected)]);
    expect(disagreements.map(({ lines }) => lines[0])).toEqual([line]);
  });

  it('fails where a mesh is accepted that has to be refused, or refused for something else', () => {
    const refusable: Case = { ...sample, refused: { strict: 'invalid-port' }, queries: [] };
    const refusing: CaseEngine = {
      load: () => {
        throw new MeshRefused('empty-value: an empty value', ['empty-value']);
      },
    };
    expect(run(answering({}), [refusable]).disagreements).toHaveLength(1);
    expect(run(refusing, [refusable]).disagreements).toHaveLength(1);
    expect(run(refusing, [{ ...refusable, refused: { strict: 'empty-value' } }]).summary).toBe('1 passed, 0 failed, 0 skipped');
  });

  it('fails where the mesh does not load', () => {
    const engine: CaseEngine = {
      load: () => {
        throw new Error('invalid');
      },
    };
    expect(run(engine, [asked({})]).disagreements.map(({ lines }) => lines)).toEqual([['cannot be asked: invalid']]);
  });
});
