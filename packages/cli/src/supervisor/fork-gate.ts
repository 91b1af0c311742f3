import { type ChildProcess, fork } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** How a gate's process is made. */
export interface GateProcessPlan {
  readonly name: string;
  /** Processes that share its work. */
  readonly workers: number;
  readonly logFile: string;
  /** Where decisions are written down, and which. */
  readonly decisions?: { readonly file: string; readonly which: DecisionChoice };
}

/** Which decisions get a line: those that are not a plain allow, or every one. */
export type DecisionChoice = 'notable' | 'all';

/**
 * Makes the process of a gate, which shares its work among its workers. Detached, its output in a file: neither a Ctrl-C nor the
 * death of the supervisor reaches it.
 */
export function forkGate({ name, workers, logFile, decisions }: GateProcessPlan): ChildProcess {
  const log = openSync(logFile, 'a', 0o600);
  try {
    const args = [name, String(workers), ...(decisions === undefined ? [] : [decisions.file, decisions.which])];
    return fork(fileURLToPath(new URL('../gate-process/main.js', import.meta.url)), args, {
      detached: true,
      stdio: ['ignore', log, log, 'ipc'],
      execArgv: [],
      serialization: 'json',
    });
  } finally {
    closeSync(log);
  }
}
