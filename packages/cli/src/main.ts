import { Command, CommanderError } from 'commander';
import { registerCheck } from './commands/check.js';
import { registerDown } from './commands/down.js';
import { registerExec } from './commands/exec.js';
import { registerExplain } from './commands/explain.js';
import { registerStatus } from './commands/status.js';
import { registerUp } from './commands/up.js';
import { CommandFailure, exitStatus } from './exit-status.js';

/** Runs the command line `argv` (as in `process.argv`) and sets `process.exitCode`. Never rejects for what a user can cause. */
export async function main(argv: readonly string[]): Promise<void> {
  try {
    await createProgram().parseAsync([...argv]);
  } catch (error) {
    process.exitCode = reportFailure(error);
  }
}

/** The whole command line, each subcommand from its own file. */
export function createProgram(): Command {
  const program = new Command('sallyport');
  program
    .description('Ambient-mesh authorization: run it on this machine, and ask what each policy will do, at which gate, and why.')
    .version('0.1.0', '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [COMMAND]', 'print the help of a command')
    .showHelpAfterError('(add --help for what this command takes, with examples)')
    .enablePositionalOptions()
    .exitOverride()
    .addHelpText('after', programHelp);
  for (const register of [registerUp, registerExec, registerStatus, registerDown, registerExplain, registerCheck]) register(program);
  return program;
}

const programHelp = `
Examples:
  sallyport check manifests/                                   what is wrong with these policies, and where
  sallyport explain manifests/ --from default/sleep --to http://httpbin:8000/
  sallyport up manifests/                                      start them as a mesh on this machine
  sallyport exec default/sleep -- curl http://httpbin:8000/    be that workload

Exit status: 0 done or allowed, 1 invalid input or it could not be done, 2 wrong usage, 3 denied (explain).
up and exec pass the exit status of the command that they run on; 128 + N where signal N ended it.
`;

function reportFailure(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitStatus.ok : exitStatus.usage;
  if (error instanceof CommandFailure) {
    process.stderr.write(`sallyport: ${error.message}\n`);
    if (error.hint !== undefined) process.stderr.write(`  hint: ${error.hint}\n`);
    return error.status;
  }
  process.stderr.write(`sallyport: internal error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return exitStatus.failed;
}
