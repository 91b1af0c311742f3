import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { interpreter } from '../../src/cases/interpreter.js';
import { loadCases } from '../../src/cases/load-cases.js';
import { judgeTable } from '../../src/dialect-table/judge-table.js';
import { loadDialectTable, type TableRow } from '../../src/dialect-table/table.js';
import { dialectRows } from '../../src/differences/dialect-rows.js';
import { Tally } from '../../src/recorded/tally.js';
import { loadRouteTables } from '../../src/routes/route-table.js';

const root = new URL('../../../', import.meta.url);
const routes = loadRouteTables().flatMap((table) => table.rows);
const evidence = { cases: loadCases(), engine: interpreter, routes };
const rows = loadDialectTable();

function judge(...some: readonly TableRow[]): readonly string[] {
  const tally = new Tally();
  judgeTable(some, evidence, tally);
  return tally.disagreements.flatMap(({ lines }) => lines);
}

describe('the table of dialects', () => {
  it('has every row of the design, in its order', () => {
    expect(rows.map(({ question }) => question)).toEqual(dialectRows.map(({ question }) => question));
  });

  it('is shown by cases in both columns', () => {
    expect(judge(...rows)).toEqual([]);
  });

  it.each(rows.flatMap(({ question, tests = [] }) => tests.map((test) => [question, test] as const)))(
    'is shown by a test: %s',
    (_, { file, title }) => {
      const path = fileURLToPath(new URL(file, root));
      expect(existsSync(path)).toBe(true);
      expect(readFileSync(path, 'utf8')).toContain(title);
    },
  );
});

describe('a row', () => {
  const question = 'q';

  it('fails where it names no case, or one that both dialects answer alike', () => {
    expect(judge({ question, cases: ['nobody wrote this'] })).toEqual(['there is no such case']);
    expect(judge({ question, refused: [{ case: 'nobody wrote this', code: 'x' }] })).toEqual(['there is no such case']);
    expect(judge({ question, cases: ['a selector picks workloads by their labels'] })).toEqual([
      'no query of it is answered differently',
    ]);
  });

  it('fails where strict refuses nothing, or something else', () => {
    const title = 'a key of headers with something before its bracket, in a DENY';
    expect(judge({ question, refused: [{ case: title, code: 'ip-block-zone' }] })[0]).toContain('got condition-key-near-miss');
    expect(judge({ question, refused: [{ case: 'a selector picks workloads by their labels', code: 'x' }] })[0]).toContain(
      'got no refusal',
    );
  });

  it('fails where it names no connection, or one that both dialects send the same way', () => {
    expect(judge({ question, routes: ['nobody wrote this'] })).toEqual(['there is no such connection']);
    expect(judge({ question, routes: ['use-waypoint none, which is the way out'] })).toEqual([
      'it goes the same way in both dialects',
    ]);
  });
});
