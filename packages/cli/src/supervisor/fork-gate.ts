import { type ChildProcess, fork } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * Makes the process of a gate, which shares its work among so many workers. Detached, its output in a file: neither a Ctrl-C nor the
 * death of the supervisor reaches it.
 */
export function forkGate(name: string, workers: number, logFile: string): ChildProcess {
  const log = openSync(logFile, 'a', 0o600);
  try {
    return fork(fileURLToPath(new URL('../gate-process/main.js', import.meta.url)), [name, String(workers)], {
      detached: true,
      stdio: ['ignore', log, log, 'ipc'],
      execArgv: [],
      serialization: 'json',
    });
  } finally {
    closeSync(log);
  }
}
