import { readFile } from 'node:fs/promises';
import type { BenchPath } from './path/bench-path.js';

/** Microseconds of a tick in /proc: Linux says 100 a second to every process. */
const tickMicroseconds = 10_000;
/** Where user and system time are behind the name of a process, which may have anything in it (proc(5)). */
const userTime = 11;

/** Microseconds that all threads of a path's gates have had a core for; undefined where /proc does not tell, or there are none. */
export async function processorTime({ gates }: BenchPath): Promise<number | undefined> {
  if (gates.length === 0) return undefined;
  try {
    const ticks = await Promise.all(gates.map(({ pid }) => ticksOf(pid)));
    return ticks.reduce((sum, each) => sum + each, 0) * tickMicroseconds;
  } catch {
    return undefined;
  }
}

async function ticksOf(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return Number(fields[userTime]) + Number(fields[userTime + 1]);
}
