import { readFile } from 'node:fs/promises';
import type { LoadMaker } from './load/load-maker.js';
import type { BenchPath } from './path/bench-path.js';

/** What the gates of a path hold in memory, bytes. */
export interface MemoryFigures {
  /** The largest process before any connection of this measurement. */
  readonly atRest: number;
  /** The largest process while every connection carries messages. */
  readonly active: number;
  /** The most that one process grew by, for each further connection that is open and silent. */
  readonly perIdleConnection: number;
}

/** Connections that carry messages at the same time. */
const activeConnections = 1000;
const exchangeMs = 3000;
/** Pages that a runtime gives back, it gives back by then. */
const settleMs = 1000;

/** What our gates are to keep to. */
export const memoryTargets = { active: 150 * 1024 * 1024, perIdleConnection: 20 * 1024 } as const;

/** Looks at the gates' resident memory at rest, at load, and with as many idle connections more; undefined where /proc does not tell. */
export async function measureMemory(path: BenchPath, loadMaker: LoadMaker): Promise<MemoryFigures | undefined> {
  const atRest = await residentMemory(path);
  if (atRest === undefined) return undefined;
  const hold = { kind: 'hold', target: path.connection, connections: activeConnections } as const;
  await loadMaker.perform(hold);
  const exchanging = loadMaker.perform({ kind: 'exchange', milliseconds: exchangeMs });
  let active = 0;
  const sampling = setInterval(async () => {
    active = Math.max(active, ...((await residentMemory(path)) ?? []));
  }, 200);
  await exchanging;
  clearInterval(sampling);
  await settled();
  const before = (await residentMemory(path)) ?? [];
  await loadMaker.perform(hold);
  await settled();
  const after = (await residentMemory(path)) ?? [];
  await loadMaker.perform({ kind: 'release' });
  const grown = after.map((bytes, index) => bytes - (before[index] ?? 0));
  return { atRest: Math.max(...atRest), active, perIdleConnection: Math.max(...grown) / activeConnections };
}

function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, settleMs));
}

/** Of each gate process, as Linux counts it. */
async function residentMemory({ gates }: BenchPath): Promise<number[] | undefined> {
  try {
    return await Promise.all(gates.map(({ pid }) => residentBytes(pid)));
  } catch {
    return undefined;
  }
}

async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const line = status.split('\n').find((each) => each.startsWith('VmRSS:'));
  return Number.parseInt(line?.slice('VmRSS:'.length) ?? '', 10) * 1024;
}
