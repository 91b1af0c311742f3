// What deciding leaves behind: a program of its own, with the task as JSON in the argument and the result as JSON on standard output.
import { performance } from 'node:perf_hooks';
import type { EngineName, PrepareEngine } from '../decisions/engines/engine.js';
import { withEngine } from '../decisions/engines/index.js';
import type { Traffic } from '../decisions/mixes/chance.js';
import { mixes } from '../decisions/mixes/index.js';
import { questionsOf } from '../decisions/questions.js';
import { collectGarbage, heldBytes } from '../memory.js';

/** One engine under one kind of traffic. */
export interface GrowthTask {
  readonly engine: EngineName;
  readonly mix: string;
  readonly rules: number;
  readonly traffic: Traffic;
  /** How many decisions a round has, unless its time is up before. */
  readonly decisions: number;
  readonly milliseconds: number;
}

/** Bytes that a round of decisions added for good: the first round of a new engine, and the one after it. */
export interface GrowthResult {
  readonly rounds: readonly { readonly decisions: number; readonly bytes: number }[];
}

const task: GrowthTask = JSON.parse(process.argv[2] ?? '');
console.log(JSON.stringify(await withEngine(task.engine, measure)));

async function measure<Input>(prepare: PrepareEngine<Input>): Promise<GrowthResult> {
  const mix = mixes.find(({ name }) => name === task.mix);
  if (mix === undefined) throw new Error(`there is no mix \`${task.mix}\``);
  const decider = await prepare(mix.policies(task.rules), mix.layer).build();
  const next = questionsOf(mix, task.rules, task.traffic);
  const rounds: { decisions: number; bytes: number }[] = [];
  for (let round = 0; round < 2; round += 1) {
    await collectGarbage();
    const before = heldBytes();
    const end = performance.now() + task.milliseconds;
    let decisions = 0;
    while (decisions < task.decisions && performance.now() < end) {
      decider.allows(decider.translate(next()));
      decisions += 1;
    }
    await collectGarbage();
    rounds.push({ decisions, bytes: heldBytes() - before });
  }
  return { rounds };
}
