import { describe, expect, it } from 'vitest';
import { loadMesh } from '../../src/cases/load-cases.js';
import { Tally } from '../../src/recorded/tally.js';
import { judgeRoutes } from '../../src/routes/judge-routes.js';
import { loadRouteTables, type RouteTable } from '../../src/routes/route-table.js';

const { manifests } = loadMesh();
const tables = loadRouteTables();

function judge(table: RouteTable): Tally {
  const tally = new Tally();
  judgeRoutes(table, manifests, tally);
  return tally;
}

describe('the tables of routes', () => {
  it.each(tables.map((table) => [table.theme, table] as const))('hold: %s', (_, table) => {
    const tally = judge(table);
    expect(tally.disagreements).toEqual([]);
    expect(tally.passed).toBe(2 * table.rows.length);
  });

  it('have titles of their own', () => {
    const titles = tables.flatMap(({ rows }) => rows.map(({ title }) => title));
    expect(titles.filter((title, index) => titles.indexOf(title) !== index)).toEqual([]);
  });

  it('are failed by any other answer', () => {
    for (const table of tables) {
      const rows = table.rows.slice(0, 6).map((row) => ({ ...row, both: 'elsewhere' }));
      expect(judge({ ...table, rows }).passed).toBe(0);
    }
  });
});
