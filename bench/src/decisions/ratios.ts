import { titleOf } from './measure-table.js';
import type { BenchRow } from './row.js';

/**
 * What rows say beside each other: how many times as long the fastest of the others takes at a thousand rules, and how much longer values that
 * never repeat take than the same mix without them.
 */
export function formatRatios(rows: readonly BenchRow[]): string[] {
  return rows
    .filter(({ engine }) => engine === 'table')
    .flatMap((row) => [...besideOthers(row, rows), ...besideRecurring(row, rows)]);
}

function besideOthers(row: BenchRow, rows: readonly BenchRow[]): string[] {
  if (row.rules !== 1000) return [];
  const others = rows.filter(({ engine, mix, rules }) => isPeer(engine) && mix === row.mix && rules === row.rules);
  const fastest = others.toSorted((a, b) => a.p50Ns - b.p50Ns)[0];
  if (fastest === undefined) return [];
  const ratio = (fastest.p50Ns / row.p50Ns).toFixed(1);
  return [
    `${row.mix}, 1,000 rules: the fastest of the others, ${fastest.engine}, takes ${ratio} times as long (target: at least 10)`,
  ];
}

function besideRecurring(row: BenchRow, rows: readonly BenchRow[]): string[] {
  const recurring = rows.find(
    ({ engine, mix, rules }) =>
      engine === row.engine && rules === row.rules && mix !== row.mix && titleOf(mix, 'never-repeating') === row.mix,
  );
  if (recurring === undefined) return [];
  const ratio = (row.p50Ns / recurring.p50Ns).toFixed(2);
  return [`${row.mix}, ${row.rules} rules: ${ratio} times as long as recurring ones (target: at most 3)`];
}

function isPeer(engine: BenchRow['engine']): boolean {
  return engine !== 'table' && engine !== 'interpreter';
}
