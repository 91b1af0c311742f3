import { once } from 'node:events';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Paint, Style } from '@sallyport/policy';
import { MeshProcess } from '../mesh-process.js';
import { hasCurl } from '../seeds/curl.js';
import { GatesEngine } from '../seeds/gates-engine.js';
import { explainRequest, inventoryOf } from '../seeds/interpreter-engine.js';
import { runScenario } from '../seeds/judge.js';
import { loadScenarios, walkFolder } from '../seeds/load-scenarios.js';
import { manifestFiles } from '../seeds/manifest-files.js';
import { renderEvent, renderInvitation, renderMesh } from './render-mesh.js';
import { renderOutcome, renderScenario } from './render-outcome.js';

const example = fileURLToPath(new URL('../../../examples/httpbin-ambient', import.meta.url));
const codes: Readonly<Record<Style, string>> = { allow: '32', deny: '1;31', dim: '2', strong: '1' };

/**
 * Starts the example mesh, sends the requests of all its scenarios through it, and keeps it up until a signal comes, or with `once` ends
 * it. Resolves with the exit status: 0 only if every request came out as its scenario expects.
 */
export async function walk(options: { readonly once: boolean }): Promise<number> {
  if (!hasCurl()) return fail('npm start sends its requests with curl, and there is none: install curl, then run it again');
  const paint = paintFor(process.stdout);
  const signalled = firstSignal();
  const folder = relative(process.cwd(), example) || '.';
  print(`starting the mesh of ${folder} …\n`);
  const began = performance.now();
  const mesh = await MeshProcess.start(folder, { ownGroup: true }).catch((error: Error) => error);
  if (mesh instanceof Error) return fail(mesh.message);
  try {
    print(
      `up in ${((performance.now() - began) / 1000).toFixed(1)} s; ✓ marks a request that came out as its scenario expects\n`,
    );
    const asExpected = await Promise.race([sendAll(mesh, paint), signalled.then(() => false)]);
    if (options.once || signalled.received) return asExpected ? 0 : 1;
    print(`\n${renderMesh(mesh.report, paint)}\n${renderInvitation(folder, paint)}`);
    const stop = mesh.onEvent((event) => print(renderEvent(event, paint)));
    await Promise.race([signalled, mesh.ended]);
    stop();
    return signalled.received ? 0 : fail('the mesh has ended by itself');
  } finally {
    print('ending the mesh …\n');
    await mesh.stop();
  }
}

/** Sends every request, printing each outcome as it comes; whether all came out as expected. */
async function sendAll(mesh: MeshProcess, paint: Paint): Promise<boolean> {
  const engine = new GatesEngine(mesh);
  const inventory = inventoryOf(manifestFiles(example));
  const tally = { asExpected: 0, all: 0 };
  for (const [index, scenario] of loadScenarios(walkFolder).entries()) {
    print(renderScenario(scenario, index + 1, paint));
    for await (const outcome of runScenario(engine, scenario)) {
      print(renderOutcome(outcome, inventory, explainRequest(inventory, outcome.request), paint));
      tally.all += 1;
      if (outcome.mismatches.length === 0) tally.asExpected += 1;
    }
  }
  await engine.release();
  const passed = tally.asExpected === tally.all;
  print(`\n${paint(passed ? 'allow' : 'deny', `${tally.asExpected} of ${tally.all} requests came out as expected`)}\n`);
  return passed;
}

/** Resolves at the first thing that asks this process to end; `received` says whether it has come. */
function firstSignal(): Promise<void> & { readonly received: boolean } {
  const state = { received: false };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  // Output that nobody reads any more (`npm start | head`) is as good as a signal.
  const unread = new Promise((resolve) => process.stdout.once('error', resolve));
  const signal = Promise.race([unread, ...signals.map((name) => once(process, name))]).then(() => {
    state.received = true;
  });
  // Later ones are no reason to leave the mesh behind half-ended.
  for (const name of signals) process.on(name, () => undefined);
  process.stdout.on('error', () => undefined);
  return Object.defineProperty(signal, 'received', { get: () => state.received }) as Promise<void> & {
    readonly received: boolean;
  };
}

function paintFor(stream: { readonly isTTY?: boolean }): Paint {
  const colour = stream.isTTY === true && !process.env.NO_COLOR && process.env.TERM !== 'dumb';
  return (style, text) => (colour ? `\u001b[${codes[style]}m${text}\u001b[0m` : text);
}

function print(text: string): void {
  process.stdout.write(text);
}

function fail(message: string): number {
  process.stderr.write(`${message}\n`);
  return 1;
}
