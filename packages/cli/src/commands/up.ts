import { realpath, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { strict } from '@sallyport/policy';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { CommandFailure, exitStatus } from '../exit-status.js';
import type { DecisionChoice, TraceChoice } from '../gate-protocol/gate-arguments.js';
import { type CommandUser, chooseUser, requireReadable } from '../isolation/command-user.js';
import { requireIsolation } from '../isolation/require-isolation.js';
import { terminalPaint, wantsColour } from '../output/colour.js';
import { countDiagnostics, diagnosticToJson, renderDiagnostics } from '../output/diagnostics.js';
import { type OutputFormat, outputOption } from '../output/format-option.js';
import { type RunningCommand, runCommand } from '../run-command.js';
import { Signals } from '../signals.js';
import { claimMesh } from '../state/claim-mesh.js';
import { meshId, prepareMeshDirectory } from '../state/runtime-directory.js';
import type { MeshListener } from '../supervisor/mesh-event.js';
import { eventToJson, printEvent } from '../supervisor/print-event.js';
import { InvalidFolder, Supervisor } from '../supervisor/supervisor.js';

interface UpOptions {
  readonly output: OutputFormat;
  readonly quiet?: boolean;
  readonly workers: number;
  readonly decisionLog?: boolean;
  readonly decisionLogAll?: boolean;
  readonly otlp?: string;
  readonly otlpSample?: number;
  readonly isolate?: boolean;
  readonly user?: string;
  readonly crl?: string;
}

/** Adds `sallyport up`. */
export function registerUp(program: Command): void {
  program
    .command('up')
    .summary('start a local mesh from a folder of manifests')
    .description(
      'Start a mesh on this machine: an embedded CA, a ztunnel for every workload, the waypoints and ingress gateways that the folder ' +
        'declares, and the workloads that say how to run them (annotation `sallyport/run: COMMAND`). A saved change of the folder is in ' +
        'force at every gate within a second, or refused as a whole.',
    )
    .argument('<DIR>', 'a folder of manifests; trusted as code, as it may run commands')
    .argument('[COMMAND...]', 'run this once the mesh is ready, after `--`, then end the mesh')
    .addOption(outputOption())
    .option('--isolate', 'give each workload a network of its own, and capture what it sends; takes Linux and root')
    .option('--user <NAME>', 'with --isolate: whom commands run as; else whoever called sudo, else the owner of DIR')
    .addOption(new Option('--workers <N>', 'processes that share the load of each gate').argParser(parseWorkers).default(1))
    .option('--crl <FILE>', "revocation lists (PEM) beside the mesh's own, read again when they change")
    .option('--decision-log', 'write each decision that is not a plain allow as JSON to GATE.decisions.jsonl, beside the logs')
    .option('--decision-log-all', 'the same with every decision')
    .addOption(new Option('--otlp <URL>', 'export traces to this OpenTelemetry collector (OTLP/HTTP)').argParser(parseCollector))
    .addOption(
      new Option('--otlp-sample <PERCENT>', 'with --otlp: how many of the traces that begin at a gate; all by default').argParser(
        parsePercent,
      ),
    )
    .option('-q, --quiet', 'do not print what gates and workloads log; it is in the files that `sallyport status` names')
    .addHelpText('after', help)
    .action(async (folder: string, command: string[], options: UpOptions) => {
      process.exitCode = await up(folder, command, options);
    });
}

const help = `
A workload's command runs by /bin/sh in DIR and is told by HOST and PORT where to listen; its first declared port is PORT. It is started
again when it ends. With -o json every event is one line of JSON. With COMMAND, standard output is the command's alone, and what up has
to say goes to standard error.

With --crl a certificate that any of the lists names is refused, and what it admitted ends. The lists are signed with the key of the mesh's root. While the
file is missing, cannot be read, or holds a list that has run out or is of somebody else, no peer is admitted at all; replace it by renaming.

Isolation is none: other processes of this machine can reach the applications past the gates. With --isolate it is namespaces: each workload
has its own address, resolver and network, which its ztunnel alone connects; programs need no proxy variables, and commands run as another
user than root, without capabilities. COMMAND runs outside of all that, as whoever runs up.

Examples:
  sallyport up examples/httpbin-ambient
  sallyport up --quiet manifests/ -- npm test
  sudo sallyport up --isolate manifests/
  sallyport up manifests/ -- sallyport exec default/sleep -- curl -sS http://httpbin:8000/

Exit status: that of COMMAND (128 + N where signal N ended it); without one 0 after Ctrl-C; 1 if the folder is invalid, an address is in use,
or the mesh of DIR is up already.
`;

async function up(folder: string, command: readonly string[], options: UpOptions): Promise<number> {
  const real = await requireFolder(folder);
  const isolation = await isolationFor(options, real, folder);
  const { workers } = options;
  const id = await meshId(real);
  const directory = await prepareMeshDirectory(id);
  const claim = await claimMesh(directory, folder);
  const out = command.length > 0 ? process.stderr : process.stdout;
  const listener = listenerFor(out, options);
  if (claim.ended > 0) listener({ event: 'took-over', ended: claim.ended }, []);
  try {
    return await run(
      await Supervisor.load({
        id,
        directory,
        folder: real,
        typedFolder: folder,
        dialect: strict,
        listener,
        workers,
        ...decisionsFor(options),
        ...tracesFor(options),
        ...(options.crl === undefined ? {} : { crl: resolve(options.crl) }),
        ...isolation,
      }),
      command,
      real,
    );
  } catch (error) {
    if (!(error instanceof InvalidFolder)) throw error;
    reportInvalid(error, options.output);
    return exitStatus.failed;
  } finally {
    await claim.release();
  }
}

function decisionsFor({ decisionLog, decisionLogAll }: UpOptions): { decisions?: DecisionChoice } {
  if (decisionLogAll === true) return { decisions: 'all' };
  return decisionLog === true ? { decisions: 'notable' } : {};
}

function tracesFor({ otlp: url, otlpSample }: UpOptions): { traces?: TraceChoice } {
  if (url !== undefined) return { traces: { url, ratio: (otlpSample ?? 100) / 100 } };
  if (otlpSample === undefined) return {};
  throw new CommandFailure('--otlp-sample goes with --otlp', { status: exitStatus.usage });
}

function parseCollector(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') {
    throw new InvalidArgumentError('it is the address of a collector, such as http://127.0.0.1:4318.');
  }
  // Arguments of processes are anybody's to read.
  if (url.username !== '' || url.password !== '') {
    throw new InvalidArgumentError('credentials do not go in the address; put them in OTEL_EXPORTER_OTLP_HEADERS.');
  }
  return text;
}

function parsePercent(text: string): number {
  const percent = text.trim() === '' ? Number.NaN : Number(text);
  if (!(percent >= 0 && percent <= 100)) throw new InvalidArgumentError('it is a number from 0 to 100.');
  return percent;
}

/** As many as there may be processors to use them. */
const mostWorkers = 64;

function parseWorkers(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1 || count > mostWorkers) {
    throw new InvalidArgumentError(`it is a whole number from 1 to ${mostWorkers}.`);
  }
  return count;
}

async function isolationFor({ isolate, user }: UpOptions, real: string, typed: string): Promise<{ isolateFor?: CommandUser }> {
  if (isolate === true) {
    requireIsolation(typed);
    const isolateFor = await chooseUser(user, real);
    await requireReadable(real, isolateFor);
    return { isolateFor };
  }
  if (user === undefined) return {};
  throw new CommandFailure('--user goes with --isolate: without it commands run as whoever runs up', {
    status: exitStatus.usage,
  });
}

async function requireFolder(folder: string): Promise<string> {
  const stats = await stat(folder).catch(() => undefined);
  if (stats?.isDirectory()) return realpath(folder);
  throw new CommandFailure(`\`${folder}\` is not a folder`, { hint: 'give the folder that holds the manifests' });
}

/** Runs until the command ends or a signal comes; then ends the mesh. A second signal ends it at once. */
async function run(supervisor: Supervisor, command: readonly string[], folder: string): Promise<number> {
  let running: RunningCommand | undefined;
  const signals = new Signals((signal, count) => {
    if (count > 1) void supervisor.kill();
    else if (running === undefined) void supervisor.stop();
    // A terminal's Ctrl-C has reached the command as well; anything else has not.
    if (signal !== 'SIGINT' || !process.stdin.isTTY || count > 1) running?.signal(count > 1 ? 'SIGKILL' : signal);
  });
  try {
    await supervisor.begin();
    if (command.length === 0) return await signals.first.then(() => exitStatus.ok);
    running = runCommand(command, { ...process.env, SALLYPORT_MESH: folder });
    return await running.status;
  } catch (error) {
    // Told to end while it was starting: what failed then is that end.
    if (signals.status === undefined) throw error;
    return command.length === 0 ? exitStatus.ok : signals.status;
  } finally {
    await supervisor.stop();
  }
}

function listenerFor(out: NodeJS.WriteStream, { output, quiet }: UpOptions): MeshListener {
  const colour = wantsColour(out);
  const style = { colour, paint: terminalPaint(colour) };
  return (event, files) => {
    if (quiet === true && event.event === 'line') return;
    out.write(output === 'json' ? eventToJson(event) : printEvent(event, files, style));
  };
}

function reportInvalid({ diagnostics, files }: InvalidFolder, output: OutputFormat): void {
  if (output === 'json')
    process.stdout.write(`${JSON.stringify({ event: 'invalid', diagnostics: diagnostics.map(diagnosticToJson) })}\n`);
  else {
    process.stderr.write(renderDiagnostics(diagnostics, files, wantsColour(process.stderr)));
    process.stderr.write(`\nnot started: ${countDiagnostics(diagnostics)}\n`);
  }
}
