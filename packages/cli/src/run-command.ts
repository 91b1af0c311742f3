import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { CommandFailure } from './exit-status.js';
import { signalTree } from './state/process-identity.js';

/** A command that runs in the foreground with our own standard streams. */
export interface RunningCommand {
  /** Its exit status as a shell would say it: 128 + N where signal N ended it. Rejects with `CommandFailure` where it cannot be run. */
  readonly status: Promise<number>;
  signal(signal: NodeJS.Signals): void;
}

/** Starts a command, found on the PATH as a shell would find it. `tree`: a signal is for all that it starts, too. */
export function runCommand(
  [file = '', ...rest]: readonly string[],
  environment: NodeJS.ProcessEnv,
  { tree = false } = {},
): RunningCommand {
  const child = spawn(file, rest, { stdio: 'inherit', env: environment });
  const status = (once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>).then(
    ([code, signal]) => (signal === null ? (code ?? 0) : 128 + constants.signals[signal]),
    (error: NodeJS.ErrnoException) => {
      // As shells have it: 127 for a command that is not there, 126 for one that may not be run.
      const missing = error.code === 'ENOENT';
      throw new CommandFailure(`\`${file}\` ${missing ? 'is not a command here' : `cannot be run (${error.code})`}`, {
        status: missing ? 127 : 126,
      });
    },
  );
  return { status, signal: (signal) => (tree ? signalTree(child.pid, signal) : void child.kill(signal)) };
}
