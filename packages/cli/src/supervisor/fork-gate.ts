import { type ChildProcess, fork } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type GateArguments, writeGateArguments } from '../gate-protocol/gate-arguments.js';
import { gateNodeOptions } from '../gate-protocol/node-options.js';

/** How a gate's process is made. */
export interface GateProcessPlan extends GateArguments {
  readonly logFile: string;
}

/**
 * Makes the process of a gate, which shares its work among its workers. Detached, its output in a file: neither a Ctrl-C nor the
 * death of the supervisor reaches it.
 */
export function forkGate({ logFile, ...told }: GateProcessPlan): ChildProcess {
  const log = openSync(logFile, 'a', 0o600);
  try {
    return fork(fileURLToPath(new URL('../gate-process/main.js', import.meta.url)), writeGateArguments(told), {
      detached: true,
      stdio: ['ignore', log, log, 'ipc'],
      execArgv: [...gateNodeOptions],
      serialization: 'json',
    });
  } finally {
    closeSync(log);
  }
}
