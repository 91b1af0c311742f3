import { runChild } from '../run-child.js';
import type { EngineName } from './engines/engine.js';
import type { CellResult, CellTask, TrafficResult } from './measure-cell.js';
import type { Traffic } from './mixes/chance.js';
import { type BenchRow, formatFailure, formatRow } from './row.js';

/** What to measure, and how long. */
export interface TablePlan {
  readonly engines: readonly EngineName[];
  readonly mixes: readonly string[];
  readonly rules: readonly number[];
  readonly milliseconds: number;
}

const traffics: readonly Traffic[] = ['recurring', 'never-repeating'];

/** Measures every cell, prints its lines as soon as they are there, and gives all rows. */
export async function measureTable(plan: TablePlan, print: (line: string) => void): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const mix of plan.mixes) {
    for (const rules of plan.rules) {
      rows.push(...(await measureEngines({ ...plan, mix, size: rules }, print)));
      print('');
    }
  }
  return rows;
}

/** The name of a mix in rows. */
export function titleOf(mix: string, traffic: Traffic): string {
  return traffic === 'recurring' ? mix : `${mix}, never repeating`;
}

type Place = TablePlan & { readonly mix: string; readonly size: number };

/** The interpreter goes first: all others are compared with its answers. */
async function measureEngines(place: Place, print: (line: string) => void): Promise<BenchRow[]> {
  const { mix, size: rules, milliseconds } = place;
  const lines: { readonly engine: EngineName; readonly traffic: Traffic; readonly text: string; readonly row?: BenchRow }[] = [];
  let answers: CellTask['answers'];
  for (const engine of ['interpreter' as const, ...place.engines.filter((name) => name !== 'interpreter')]) {
    // A table learns from what it is asked, so that each kind of traffic gets one of its own; the others answer as they did before.
    const groups = engine === 'table' ? traffics.map((traffic) => [traffic]) : [traffics];
    for (const group of groups) {
      const task: CellTask = { engine, mix, rules, traffics: group, milliseconds, ...(answers === undefined ? {} : { answers }) };
      const result = await cell(task);
      if (engine === 'interpreter' && typeof result !== 'string') answers = answersOf(result.traffics);
      if (!place.engines.includes(engine)) continue;
      for (const traffic of group) lines.push({ engine, traffic, ...lineOf(task, traffic, result) });
    }
  }
  const ordered = traffics.flatMap((traffic) =>
    place.engines.flatMap((engine) => lines.filter((line) => line.engine === engine && line.traffic === traffic)),
  );
  for (const { text } of ordered) print(text);
  return ordered.flatMap(({ row }) => (row === undefined ? [] : [row]));
}

/** What the cell measured, or why it could not. */
async function cell(task: CellTask): Promise<CellResult | string> {
  try {
    const result: CellResult = JSON.parse(await runChild(new URL('./cell.js', import.meta.url), task));
    return result;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function answersOf(results: readonly TrafficResult[]): Partial<Record<Traffic, string>> {
  return Object.fromEntries(results.map(({ traffic, answers }) => [traffic, answers]));
}

function lineOf(
  { engine, mix, rules }: CellTask,
  traffic: Traffic,
  result: CellResult | string,
): { text: string; row?: BenchRow } {
  const title = titleOf(mix, traffic);
  const measured = typeof result === 'string' ? undefined : result.traffics.find((each) => each.traffic === traffic);
  if (typeof result === 'string' || measured === undefined) {
    return { text: formatFailure(engine, title, rules, typeof result === 'string' ? result : 'it gave no figures') };
  }
  const { p50Ns, p99Ns, bytes, decisions } = measured;
  const row: BenchRow = { engine, mix: title, rules, p50Ns, p99Ns, buildMs: Number(result.buildMs.toFixed(3)), bytes };
  return { text: formatRow(row, decisions), row };
}
