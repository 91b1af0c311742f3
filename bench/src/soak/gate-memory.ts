import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { GateProcess } from '../wire/path/bench-path.js';

/** Bytes in use in a gate's process after its garbage was collected. */
export interface MemorySample {
  readonly gate: string;
  readonly bytes: number;
}

const answerMs = 20_000;

/** Asks every process for its memory, one after the other. Rejects where one is gone or does not answer. */
export async function memoryOf(gates: readonly GateProcess[], folder: string): Promise<MemorySample[]> {
  const samples: MemorySample[] = [];
  for (const { name, pid } of gates) {
    const file = join(folder, String(pid));
    rmSync(file, { force: true });
    process.kill(pid, 'SIGUSR2');
    const until = performance.now() + answerMs;
    while (!existsSync(file)) {
      if (performance.now() > until) throw new Error(`${name} (${pid}) does not say what it has in memory`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    samples.push({ gate: `${name} (${pid})`, bytes: Number(readFileSync(file, 'utf8')) });
  }
  return samples;
}

/** Growth beyond which memory is not flat: a part of what there was, and what tables and caches may come to besides. */
const allowed = { part: 0.15, bytes: 4 * 1024 * 1024 };

/**
 * Gates whose memory grows. The first third is for warming up; of the second and the last third the lowest samples are compared, as a moment with
 * many requests under way is no leak.
 */
export function growing(rounds: readonly (readonly MemorySample[])[]): string[] {
  const third = Math.ceil(rounds.length / 3);
  const lowest = (part: readonly (readonly MemorySample[])[], gate: string): number =>
    Math.min(...part.flatMap((samples) => samples.filter((sample) => sample.gate === gate).map(({ bytes }) => bytes)));
  return (rounds[0] ?? []).flatMap(({ gate }) => {
    const before = lowest(rounds.slice(third, 2 * third), gate);
    const after = lowest(rounds.slice(2 * third), gate);
    return after <= before * (1 + allowed.part) + allowed.bytes ? [] : [`${gate} grew from ${before} to ${after} bytes`];
  });
}
