import type { DialectName } from '@sallyport/policy';
import type { Tally } from '../recorded/tally.js';
import type { Case, CaseQuery, Expectation } from './case.js';
import { type CaseAnswer, type CaseEngine, type CaseWorld, MeshRefused } from './engine.js';

const dialects: readonly DialectName[] = ['strict', 'upstream'];

/** Puts cases to an engine, in each dialect that they are about. A mesh that does not load is a disagreement on every query. */
export function runCases(engine: CaseEngine, cases: readonly Case[], tally: Tally): void {
  for (const each of cases) for (const dialect of dialects) runCase(engine, each, dialect, tally);
}

function runCase(engine: CaseEngine, each: Case, dialect: DialectName, tally: Tally): void {
  const refused = each.refused[dialect];
  if (refused !== undefined) tally.judge(`${each.name} [${dialect}]`, judgeRefusal(engine, each, dialect, refused));
  let world: CaseWorld | undefined;
  for (const [index, query] of each.queries.entries()) {
    const expected = query.expect[dialect];
    if (expected === undefined) continue;
    const where = `${each.name}: ${query.title ?? `query ${index}`} [${dialect}]`;
    try {
      world ??= engine.load(each, dialect);
      tally.judge(where, judge(each, query, expected, world.answer(query)));
    } catch (error) {
      tally.judge(where, [`cannot be asked: ${error instanceof Error ? error.message : String(error)}`]);
    }
  }
}

function judgeRefusal(engine: CaseEngine, each: Case, dialect: DialectName, code: string): readonly string[] {
  try {
    engine.load(each, dialect);
    return [`expected to be refused for ${code}, got accepted`, `rule: reference ${each.reference}`];
  } catch (error) {
    if (!(error instanceof MeshRefused)) throw error;
    return error.codes.includes(code) ? [] : [`expected to be refused for ${code}, got ${error.message}`];
  }
}

function judge(each: Case, query: CaseQuery, expected: Expectation, answer: CaseAnswer): readonly string[] {
  const { received = {}, ...compared } = expected;
  const headers = Object.entries(received)
    .filter(([name, value]) => (answer.received[name] ?? null) !== value)
    .map(([name, value]) => `expected header ${name} ${show(value)}, got ${show(answer.received[name])}`);
  const differing = (Object.keys(compared) as (keyof typeof compared)[])
    .filter((key) => show(expected[key]) !== show(answer[key]))
    .map((key) => `expected ${key} ${show(expected[key])}, got ${show(answer[key])}`);
  const wrong = [...differing, ...headers];
  if (wrong.length === 0) return [];
  const { expect: _, title: __, ...asked } = query;
  return [
    ...wrong,
    `answered: ${answer.effect}, ${answer.reason}, by ${answer.policy ?? 'no policy'}${answer.detail === undefined ? '' : `: ${answer.detail}`}`,
    `enforced: ${answer.enforced.length === 0 ? 'nothing' : answer.enforced.join(', ')}`,
    `asked: ${JSON.stringify(asked)}`,
    `rule: reference ${each.reference}`,
  ];
}

function show(value: unknown): string {
  return value === undefined ? 'nothing' : Array.isArray(value) ? `[${value.join(', ')}]` : String(value);
}
