// npm run bench:mesh [-- --envoy PATH --ztunnel PATH --otlp --quick --json FILE]: our gates beside others on the same path, in interleaved rounds.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { describeMachine } from './machine.js';
import { formatMachine } from './report.js';
import { LoadMaker } from './wire/load/load-maker.js';
import { measurePath, warmUp } from './wire/measures.js';
import { type MemoryFigures, measureMemory } from './wire/memory.js';
import { formatFindings, type MeshFindings, ratiosOf } from './wire/mesh-report.js';
import type { BenchPath, PathName } from './wire/path/bench-path.js';
import { EnvoyPath } from './wire/path/envoy-path.js';
import { Http2Path } from './wire/path/http2-path.js';
import { SallyportPath } from './wire/path/sallyport-path.js';
import { TraceSink } from './wire/path/trace-sink.js';
import { findZtunnel, type Ztunnel } from './wire/path/ztunnel.js';
import { ZtunnelPath } from './wire/path/ztunnel-path.js';
import { type Round, rotated } from './wire/rounds.js';

const { values } = parseArgs({
  options: {
    envoy: { type: 'string' },
    ztunnel: { type: 'string' },
    otlp: { type: 'boolean' },
    json: { type: 'string' },
    quick: { type: 'boolean' },
  },
});
const quick = values.quick === true;
const warm = quick ? { milliseconds: 300, mostTimes: 1 } : { milliseconds: 2000, mostTimes: 15 };
const { rounds: roundCount, milliseconds } = quick ? { rounds: 2, milliseconds: 300 } : { rounds: 5, milliseconds: 1000 };
const workers = 2;
const ztunnel = values.ztunnel === undefined ? undefined : givenZtunnel(values.ztunnel);
const startedAt = new Date();
const machine = describeMachine();
const stops: (() => Promise<void>)[] = [];

try {
  console.log(formatMachine(machine));
  const findings = await measure(await startPaths());
  console.log(formatFindings(findings));
  if (values.json !== undefined) {
    writeFileSync(values.json, `${JSON.stringify({ ...findings, ratios: ratiosOf(findings) }, null, 2)}\n`);
  }
} finally {
  for (const stop of stops.reverse()) await stop();
}

async function startPaths(): Promise<readonly BenchPath[]> {
  const sallyport = await started(SallyportPath.start(workers));
  const { echo, web } = sallyport.applications;
  const direct: BenchPath = { name: 'direct', connection: echo, requests: web, gates: [] };
  const plain = await started(Http2Path.start(echo));
  const envoy = values.envoy === undefined ? [] : [await started(EnvoyPath.start(values.envoy, workers, { echo, web }))];
  const real = ztunnel === undefined ? [] : [await started(ZtunnelPath.start(ztunnel.binary, workers))];
  return [direct, plain, ...envoy, ...real, sallyport, ...(values.otlp === true ? [await startTraced()] : [])];
}

/** A second mesh, whose gates export a span for each connection and request. */
async function startTraced(): Promise<BenchPath> {
  const sink = await started(TraceSink.start());
  stops.push(async () => console.log(`the collector got ${Math.round(sink.received / 2 ** 20)} MiB of traces`));
  return started(SallyportPath.start(workers, {}, sink.url));
}

async function measure(paths: readonly BenchPath[]): Promise<MeshFindings> {
  const loadMakerOf = makeLoadMakers(paths);
  for (const path of paths) await warmUp(path, loadMakerOf(path), warm);
  const rounds: Round[] = [];
  for (let round = 0; round < roundCount; round += 1) {
    const found: Round = {};
    for (const path of rotated(paths, round)) {
      Object.assign(found, { [path.name]: await measurePath(path, loadMakerOf(path), milliseconds) });
    }
    rounds.push(found);
    process.stderr.write(`round ${round + 1} of ${roundCount}\n`);
  }
  const memory: Partial<Record<PathName, MemoryFigures>> = {};
  for (const path of paths.filter(({ gates }) => gates.length > 0)) {
    const figures = await measureMemory(path, loadMakerOf(path));
    if (figures !== undefined) memory[path.name] = figures;
  }
  const seconds = Math.round((Date.now() - startedAt.getTime()) / 1000);
  return { machine, startedAt: startedAt.toISOString(), seconds, workers, versions: versions(), rounds, memory };
}

/** One for all paths that are reached from here, and one for each that is not. */
function makeLoadMakers(paths: readonly BenchPath[]): (path: BenchPath) => LoadMaker {
  const here = new LoadMaker();
  const elsewhere = new Map(paths.flatMap(({ name, entry }) => (entry === undefined ? [] : [[name, new LoadMaker(entry)]])));
  for (const loadMaker of [here, ...elsewhere.values()]) stops.push(() => loadMaker.stop());
  return ({ name }) => elsewhere.get(name) ?? here;
}

async function started<Path extends { stop(): Promise<void> }>(starting: Promise<Path>): Promise<Path> {
  const path = await starting;
  stops.push(() => path.stop());
  return path;
}

function versions(): Record<string, string> {
  return {
    ...(values.envoy === undefined ? {} : { envoy: spawnSync(values.envoy, ['--version'], { encoding: 'utf8' }).stdout.trim() }),
    ...(ztunnel === undefined ? {} : { ztunnel: ztunnel.version }),
  };
}

/** Ends this process with one line where what is given is no ztunnel, or cannot be run beside our gates. */
function givenZtunnel(path: string): Ztunnel {
  try {
    return findZtunnel(path);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
    process.exit(1);
  }
}
