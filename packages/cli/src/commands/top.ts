import { setTimeout as wait } from 'node:timers/promises';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { CommandFailure, exitStatus } from '../exit-status.js';
import { terminalPaint, wantsColour } from '../output/colour.js';
import { type OutputFormat, outputOption, printJson } from '../output/format-option.js';
import { Signals } from '../signals.js';
import { chooseMesh } from '../state/choose-mesh.js';
import type { FoundMesh } from '../state/mesh-state.js';
import { askSupervisor } from '../supervisor/control-socket.js';
import type { MeshStatus } from '../supervisor/mesh-status.js';
import { type GateSample, sampleGate } from '../top/gate-sample.js';
import { type MeshActivity, meshActivity } from '../top/mesh-activity.js';
import { printActivity } from '../top/print-activity.js';

interface TopOptions {
  readonly mesh?: string;
  readonly once?: boolean;
  /** Seconds. */
  readonly interval: number;
  readonly output: OutputFormat;
}

/** Adds `sallyport top`. */
export function registerTop(program: Command): void {
  program
    .command('top')
    .summary('watch what the gates do')
    .description(
      'Show, again and again, what is open at each gate, how much comes and is decided in a second, and by which policies. Ctrl-C ends it.',
    )
    .option('--mesh <DIR>', 'the mesh of this folder; else the one $SALLYPORT_MESH names, else the only one that is up')
    .option('--once', 'look twice, print once and end')
    .addOption(new Option('--interval <SECONDS>', 'time between two looks').argParser(parseInterval).default(2))
    .addOption(outputOption())
    .addHelpText('after', help)
    .action(async (options: TopOptions) => {
      process.exitCode = await top(options);
    });
}

const help = `
Rates are of the time between the last two looks. Bytes are not shown: gates count those of a connection when it ends. With -o json every look
is one JSON document, without --once each on a line of its own.

Examples:
  sallyport top
  sallyport top --once --interval 5
  sallyport top --once -o json | jq '.decisions[] | select(.effect == "deny")'

Exit status: 0 shown, 1 no mesh is up, several are and none was named, or its supervisor is gone.
`;

function parseInterval(text: string): number {
  const seconds = Number(text);
  if (!(seconds >= 0.1 && seconds <= 3600)) throw new InvalidArgumentError('it is a number of seconds from 0.1 to 3600.');
  return seconds;
}

async function top(options: TopOptions): Promise<number> {
  const mesh = await chooseMesh(options.mesh);
  const ended = new AbortController();
  const signals = new Signals(() => ended.abort());
  let before = await look(mesh);
  while (signals.status === undefined) {
    await pause(options.interval * 1000, ended.signal);
    if (signals.status !== undefined) break;
    const now = await look(mesh);
    const samples = new Map(
      now.status.gates.map(({ name }) => [name, { before: before.samples.get(name), now: now.samples.get(name) }] as const),
    );
    show(meshActivity(now.status, samples), options);
    if (options.once === true) break;
    before = now;
  }
  return exitStatus.ok;
}

interface Look {
  readonly status: MeshStatus;
  readonly samples: ReadonlyMap<string, GateSample | undefined>;
}

async function look({ directory, state }: FoundMesh): Promise<Look> {
  const status = await askSupervisor(directory, { ask: 'status' });
  if (status === undefined) {
    throw new CommandFailure('the supervisor of the mesh is gone; its gates may still run', {
      hint: `\`sallyport status\` lists them, \`sallyport up ${state.folder}\` takes over`,
    });
  }
  const samples = await Promise.all(status.gates.map(async ({ name, metrics }) => [name, await sampleGate(metrics)] as const));
  return { status, samples: new Map(samples) };
}

/** Resolves after a time, or as soon as it is not wanted any more. */
async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await wait(milliseconds, undefined, { signal }).catch(() => undefined);
}

/** On a terminal each page takes the place of the one before. */
function show(activity: MeshActivity, { output, once }: TopOptions): void {
  const { stdout } = process;
  const paint = terminalPaint(wantsColour(stdout));
  if (output === 'json' && once === true) printJson(activity);
  else if (output === 'json') stdout.write(`${JSON.stringify(activity)}\n`);
  else if (once === true || !stdout.isTTY) stdout.write(printActivity(activity, { paint }));
  else stdout.write(`\u001b[H\u001b[2J${printActivity(activity, { paint, rows: stdout.rows, columns: stdout.columns })}`);
}
