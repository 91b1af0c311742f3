import type { LiveConnection } from '@sallyport/mesh';
import { readOpenMetrics, type Sample } from './open-metrics.js';

/** What a gate told of itself at one time. */
export interface GateSample {
  /** Milliseconds, of the clock that only goes on. */
  readonly at: number;
  readonly metrics: readonly Sample[];
  readonly open: number;
  /** The oldest ones of each of its processes. */
  readonly connections: readonly LiveConnection[];
  /** Resident memory of all its processes. */
  readonly memoryBytes: number;
}

/** How long a gate may take to answer. */
const answerMs = 2000;

/** Asks a gate at its admin address, which `metrics` is a path of; undefined where it does not answer. */
export async function sampleGate(metrics: string): Promise<GateSample | undefined> {
  try {
    const [text, connections, memory] = await Promise.all([
      ask(metrics, '/metrics').then((response) => response.text()),
      askProcesses<{ open: number; connections: LiveConnection[] }>(metrics, '/connections'),
      askProcesses<{ rss: number }>(metrics, '/memory'),
    ]);
    return {
      at: performance.now(),
      metrics: readOpenMetrics(text),
      open: connections.reduce((sum, { open }) => sum + open, 0),
      connections: connections.flatMap((one) => one.connections),
      memoryBytes: memory.reduce((sum, { rss }) => sum + rss, 0),
    };
  } catch {
    return undefined;
  }
}

async function askProcesses<Answer>(metrics: string, path: string): Promise<readonly Answer[]> {
  const { processes } = (await (await ask(metrics, path)).json()) as { readonly processes: readonly Answer[] };
  return processes;
}

async function ask(metrics: string, path: string): Promise<Response> {
  const response = await fetch(new URL(path, metrics), { signal: AbortSignal.timeout(answerMs), redirect: 'error' });
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response;
}
