import type { EngineName } from '../decisions/engines/engine.js';
import type { Traffic } from '../decisions/mixes/chance.js';
import { grouped } from '../decisions/row.js';
import { runChild } from '../run-child.js';
import type { GrowthResult, GrowthTask } from './measure-growth.js';

const million = { rules: 1000, decisions: 1_000_000, milliseconds: 30_000 };
const few = { rules: 10, decisions: 20_000, milliseconds: 3000 };

/**
 * Prints what a million decisions leave behind in a table, with values that never repeat and with those that recur; the interpreter, which has nothing to
 * keep, gets fewer decisions of fewer rules beside it.
 */
export async function printGrowth(
  {
    engines,
    mixes,
    quick,
  }: { readonly engines: readonly EngineName[]; readonly mixes: readonly string[]; readonly quick: boolean },
  print: (line: string) => void,
): Promise<void> {
  if (!engines.includes('table') && !engines.includes('interpreter')) return;
  print('bytes that a decision leaves behind: in the first round of a new engine, and in the round after it');
  const traffics: readonly Traffic[] = ['recurring', 'never-repeating'];
  for (const mix of mixes) {
    for (const traffic of traffics) {
      if (engines.includes('table'))
        await printRounds({ engine: 'table', mix, traffic, ...(quick ? { ...few, rules: 1000 } : million) }, print);
    }
  }
  if (engines.includes('interpreter') && mixes.includes('path-heavy API')) {
    await printRounds({ engine: 'interpreter', mix: 'path-heavy API', traffic: 'never-repeating', ...few }, print);
  }
}

async function printRounds(task: GrowthTask, print: (line: string) => void): Promise<void> {
  const { rounds }: GrowthResult = JSON.parse(await runChild(new URL('./measure-growth.js', import.meta.url), task));
  const each = rounds.map(({ decisions, bytes }) => `${(bytes / decisions).toFixed(2)} over ${grouped(decisions)}`);
  const what = `${task.mix}, ${task.traffic}, ${grouped(task.rules)} rules`;
  print(`  ${task.engine.padEnd(12)} ${what.padEnd(48)} ${each.join(', ')}`);
}
