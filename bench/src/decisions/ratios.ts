import { titleOf } from './measure-table.js';
import { type BenchRow, grouped } from './row.js';

/**
 * What rows say beside each other and beside the targets: how long the slowest mix of each size takes, how many times as long the fastest of the others takes at a thousand rules, and how much longer values that
 * never repeat take than the same mix without them.
 */
export function formatRatios(rows: readonly BenchRow[]): string[] {
  const own = rows.filter(({ engine }) => engine === 'table');
  return [...slowestOf(own), ...own.flatMap((row) => [...besideOthers(row, rows), ...besideRecurring(row, rows)])];
}

/** The most that half of the decisions of a recurring mix may take, in nanoseconds. */
const targets = [
  [100, 1000],
  [1000, 2000],
  [10_000, 5000],
  [100_000, 10_000],
] as const;

/** The slowest mix of each size, and the slowest to build of those that have a target. */
function slowestOf(own: readonly BenchRow[]): string[] {
  const recurring = own.filter(({ mix }) => !mix.endsWith(titleOf('', 'never-repeating')));
  const decisions = targets.flatMap(([size, target]) => {
    const slowest = recurring.filter(({ rules }) => rules === size).toSorted((a, b) => b.p50Ns - a.p50Ns)[0];
    if (slowest === undefined) return [];
    const { mix, p50Ns } = slowest;
    return [`${grouped(size)} rules: p50 at most ${(p50Ns / 1000).toFixed(2)} µs (${mix}; target: at most ${target / 1000} µs)`];
  });
  const built = own.filter(({ rules }) => rules === 10_000).toSorted((a, b) => b.buildMs - a.buildMs)[0];
  if (built === undefined) return decisions;
  return [...decisions, `10,000 rules: built in at most ${built.buildMs.toFixed(0)} ms (${built.mix}; target: at most 1,000 ms)`];
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
  return [`${row.mix}, ${grouped(row.rules)} rules: ${ratio} times as long as recurring ones (target: at most 3)`];
}

function isPeer(engine: BenchRow['engine']): boolean {
  return engine !== 'table' && engine !== 'interpreter';
}
