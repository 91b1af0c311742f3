import type { Command } from 'commander';
import { commandEnvironment } from '../command-environment.js';
import { CommandFailure, exitStatus } from '../exit-status.js';
import { type CommandUser, chooseUser } from '../isolation/command-user.js';
import { type LaunchPlace, launcher } from '../isolation/workload-launcher.js';
import { runCommand } from '../run-command.js';
import { chooseMesh } from '../state/choose-mesh.js';
import { findWorkload } from '../state/find-workload.js';
import type { MeshState, WorkloadAccess } from '../state/mesh-state.js';

/** Adds `sallyport exec`. */
export function registerExec(program: Command): void {
  program
    .command('exec')
    .summary('run a command as a workload of the mesh that is up')
    .description(
      "Run a command as a workload: what it connects to goes through that workload's own ztunnel, which resolves the names. " +
        'No namespace means `default`; the name of a Deployment means its first pod.',
    )
    .argument('<[NAMESPACE/]WORKLOAD>', 'who to be')
    .argument('<COMMAND...>', 'the command with its arguments, after `--`')
    .option(
      '--user <NAME>',
      'in an isolated mesh: whom to run it as; else whoever called sudo, else whom the mesh runs commands as',
    )
    .option('--mesh <DIR>', 'the mesh of this folder; else the one $SALLYPORT_MESH names, else the only one that is up')
    .addHelpText('after', help)
    .action(async (workload: string, command: string[], options: ExecOptions) => {
      process.exitCode = await exec(workload, command, options);
    });
}

interface ExecOptions {
  readonly mesh?: string;
  readonly user?: string;
}

const help = `
Proxy variables that were set are cleared; ALL_PROXY and all_proxy are set (socks5h). Programs that heed neither go around the mesh.
In an isolated mesh (up --isolate) no such variables are needed or set, and the command runs as another user than root; SALLYPORT_PROXY has the proxy.
Standard input, output and error are the command's own.

Examples:
  sallyport exec default/sleep -- curl -s http://httpbin:8000/headers
  sallyport exec --mesh examples/httpbin-ambient ambient-demo/notsleep -- curl -sS http://httpbin:8000/

Exit status: the command's own, 128 + N where signal N ended it, 127 if there is no such command, 126 if it may not be run;
1 if the mesh is not up, 2 if the workload is not in it.
A connection that a ztunnel denies is reset after it was made: curl then ends with 56 (plain HTTP) or 35 (TLS).
`;

async function exec(name: string, command: readonly string[], { mesh, user: named }: ExecOptions): Promise<number> {
  const { state } = await chooseMesh(mesh);
  const access = findWorkload(state.workloads, name);
  requireProxy(access);
  const user = await userFor(state, named);
  const environment = { ...commandEnvironment(process.env, access, user), SALLYPORT_MESH: state.folder };
  const ownSession = user !== undefined && process.env.SUDO_UID !== String(user.uid);
  const before = user === undefined ? [] : launcher(requirePlace(access), user, { ownSession });
  const running = runCommand([...before, ...command], environment, { tree: user !== undefined });
  // A Ctrl-C reaches the command from the terminal itself; ending before it would cut it off from there.
  process.on('SIGINT', () => (process.stdin.isTTY && !ownSession ? undefined : running.signal('SIGINT')));
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, () => running.signal(signal));
  return running.status;
}

/** In an isolated mesh, who the command runs as. */
async function userFor(state: MeshState, named: string | undefined): Promise<CommandUser | undefined> {
  if (state.commandUser === undefined) return undefined;
  const called = process.env.SUDO_UID;
  if (named === undefined && (called === undefined || called === '0')) return state.commandUser;
  return chooseUser(named, state.folder);
}

/** On this machine's own network, or as root, no command of an isolated mesh runs. */
function requirePlace({ key, place }: WorkloadAccess): LaunchPlace {
  if (place !== undefined) return place;
  throw new CommandFailure(`\`${key}\` has no network in this mesh`);
}

/** Running the command without its gate would make it nobody, and everything it proves would be wrong. */
function requireProxy(access: WorkloadAccess): void {
  if (access.proxy !== undefined) return;
  throw new CommandFailure(`\`${access.key}\` has no address in this mesh`, { status: exitStatus.usage });
}
