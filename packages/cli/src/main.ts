import { Command, CommanderError } from 'commander';
import { CommandFailure, exitStatus, isFullDisk } from './exit-status.js';

/** Runs the command line `argv` (as in `process.argv`) and sets `process.exitCode`. Never rejects for what a user can cause. */
export async function main(argv: readonly string[]): Promise<void> {
  // Whoever reads may stop reading (`| head`): that is no failure. Nor is a full disk for a mesh that is up, which only loses lines.
  const lostOutput = argv[2] === 'up' ? () => undefined : throwUnlessBrokenPipe;
  for (const stream of [process.stdout, process.stderr]) stream.on('error', lostOutput);
  try {
    const { chooseDebugEngine } = await import('./debug-engine.js');
    chooseDebugEngine(process.env);
    const program = await createProgram(argv[2]);
    await program.parseAsync([...argv]);
  } catch (error) {
    process.exitCode = reportFailure(error);
  }
}

/** Each subcommand from its own file, in the order of the help. */
const commands: Readonly<Record<string, () => Promise<(program: Command) => void>>> = {
  up: async () => (await import('./commands/up.js')).registerUp,
  exec: async () => (await import('./commands/exec.js')).registerExec,
  status: async () => (await import('./commands/status.js')).registerStatus,
  top: async () => (await import('./commands/top.js')).registerTop,
  cert: async () => (await import('./commands/cert.js')).registerCert,
  revoke: async () => (await import('./commands/revoke.js')).registerRevoke,
  down: async () => (await import('./commands/down.js')).registerDown,
  explain: async () => (await import('./commands/explain.js')).registerExplain,
  check: async () => (await import('./commands/check.js')).registerCheck,
  migrate: async () => (await import('./commands/migrate.js')).registerMigrate,
};

/**
 * The whole command line; where the first argument names a subcommand, that one alone is loaded: `exec` runs often, and should not wait
 * for everything that `up` needs.
 */
export async function createProgram(first?: string): Promise<Command> {
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
  const wanted = first !== undefined && Object.hasOwn(commands, first) ? [first] : Object.keys(commands);
  for (const name of wanted) (await commands[name]?.())?.(program);
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
  if (isFullDisk(error)) {
    const hint = 'make room; the state of meshes is in XDG_RUNTIME_DIR, else in the temporary folder';
    return reportFailure(new CommandFailure(error.message, { hint }));
  }
  if (error instanceof CommandFailure) {
    process.stderr.write(`sallyport: ${error.message}\n`);
    if (error.hint !== undefined) process.stderr.write(`  hint: ${error.hint}\n`);
    return error.status;
  }
  process.stderr.write(`sallyport: internal error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return exitStatus.failed;
}

function throwUnlessBrokenPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}
