import { describe, expect, it } from 'vitest';
import { loadMesh } from '../../src/cases/load-cases.js';
import { Tally } from '../../src/recorded/tally.js';
import { judgeStatus } from '../../src/status/judge-status.js';
import { loadStatusTables, type StatusTable } from '../../src/status/status-table.js';

const { manifests } = loadMesh();
const tables = loadStatusTables();

function judge(table: StatusTable): Tally {
  const tally = new Tally();
  judgeStatus(table, manifests, tally);
  return tally;
}

describe('the tables of status', () => {
  it.each(tables.map((table) => [table.theme, table] as const))('hold: %s', (_, table) => {
    const tally = judge(table);
    expect(tally.disagreements).toEqual([]);
    expect(tally.passed).toBe(2 * table.rows.length);
  });

  it('are failed by a word too many, a word too few and a condition that is missing', () => {
    for (const { theme, rows: all, ...rest } of tables) {
      const rows = all.slice(0, 4);
      const wrong = [
        rows.map((row) => ({ ...row, status: [...row.status, 'Other=True Reason: word'] })),
        rows.filter((row) => row.status.length > 0).map((row) => ({ ...row, status: row.status.map((text) => text.slice(1)) })),
        rows.filter((row) => row.status.length > 0).map((row) => ({ ...row, status: [] })),
      ];
      for (const changed of wrong) expect(judge({ ...rest, theme, rows: changed }).passed).toBe(0);
    }
  });
});
