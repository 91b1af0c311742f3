import { formatBytes, grouped } from '../decisions/row.js';
import { runChild } from '../run-child.js';
import type { EditsResult, EditsTask } from './measure-edits.js';

/** Prints how soon edits are in force in a mesh of so many workloads and policies, and what its indexes hold. */
export async function printEdits(workloads: number, print: (line: string) => void): Promise<void> {
  const task: EditsTask = { workloads, edits: 5 };
  print(
    `\nedits in a mesh of ${grouped(workloads)} workloads and as many policies, from the text of the file to an answer by it`,
  );
  const { oneWorkload, everyWorkload, manifestBytes, indexBytes, deciderBytes }: EditsResult = JSON.parse(
    await runChild(new URL('./measure-edits.js', import.meta.url), task),
  );
  print(`  a policy that selects one workload    ${milliseconds(oneWorkload)}  (target: at most 50 ms)`);
  print(`  one of the root namespace, everywhere ${milliseconds(everyWorkload)}`);
  print(`  manifests, read                       ${formatBytes(manifestBytes)}`);
  print(`  inventory and indexes                 ${formatBytes(indexBytes)}  (target: at most 100 MB)`);
  print(`  deciders of all workloads             ${formatBytes(deciderBytes)}`);
}

function milliseconds({ p50Ms, slowestMs }: EditsResult['oneWorkload']): string {
  return `${p50Ms.toFixed(1)} ms, slowest ${slowestMs.toFixed(1)} ms`;
}
