// How soon an edit is in force in a large mesh: a program of its own, with the task as JSON in the argument and the result on standard output.
import { performance } from 'node:perf_hooks';
import { collectGarbage, heldBytes } from '../memory.js';
import { EditedMesh, loadMesh } from './edited-mesh.js';
import { clientFor, generateMesh, policyFile, rootFile, workloadKey } from './generate-mesh.js';

/** A mesh of so many workloads and policies, and how often to edit it. */
export interface EditsTask {
  readonly workloads: number;
  readonly edits: number;
}

/**
 * Milliseconds, the median and the slowest, from the text of the edited file until the deciders of all workloads are prepared and those that it
 * concerns have answered by it.
 */
export interface EditsResult {
  /** One policy that selects one workload. */
  readonly oneWorkload: { readonly p50Ms: number; readonly slowestMs: number };
  /** The policy of the root namespace: until every workload answers by it. */
  readonly everyWorkload: { readonly p50Ms: number; readonly slowestMs: number };
  /** What the manifests hold, read into objects. */
  readonly manifestBytes: number;
  /** What the inventory and its indexes hold on top of that. */
  readonly indexBytes: number;
  /** What deciders of all workloads that have answered hold on top of that. */
  readonly deciderBytes: number;
}

const { workloads, edits }: EditsTask = JSON.parse(process.argv[2] ?? '');
const mesh = generateMesh(workloads);
const all = Array.from({ length: workloads }, (_, index) => index);

await collectGarbage();
const texts = heldBytes();
const loaded = loadMesh(mesh.files);
await collectGarbage();
const manifests = heldBytes();
const edited = new EditedMesh(mesh.files, loaded);
ask(edited, 0, clientFor(0), 'allow');
await collectGarbage();
const indexed = heldBytes();
edited.prepare();
const deciders = all.map((index) => ask(edited, index, clientFor(index), 'allow'));
await collectGarbage();
const decided = heldBytes();
const oneWorkload = timed((turn) => {
  const index = (turn * 7919) % workloads;
  const newcomer = `cluster.local/ns/team-0/sa/newcomer-${turn}`;
  const file = policyFile(index, 'ALLOW', newcomer);
  return () => {
    edited.edit(file);
    edited.prepare();
    ask(edited, index, newcomer, 'allow');
  };
});
const everyWorkload = timed((turn) => {
  const outcast = `cluster.local/ns/team-0/sa/outcast-${turn}`;
  const file = rootFile(outcast);
  return () => {
    edited.edit(file);
    edited.prepare();
    for (const index of all) ask(edited, index, outcast, 'deny');
  };
});
const result: EditsResult = {
  oneWorkload,
  everyWorkload,
  manifestBytes: manifests - texts,
  indexBytes: indexed - manifests,
  deciderBytes: decided - indexed,
};
if (deciders.length !== workloads) throw new Error('a workload has no decider');
console.log(JSON.stringify(result));

/** Asks a workload's gate as it is now, which has to answer so. */
function ask(on: EditedMesh, index: number, principal: string, effect: 'allow' | 'deny'): unknown {
  const decider = on.decider(workloadKey(index));
  const verdict = decider.connection({
    identity: `spiffe://${principal}`,
    sourceIp: '10.0.0.1',
    destinationIp: '10.0.0.2',
    destinationPort: 8080,
  });
  if (verdict.effect !== effect)
    throw new Error(`the gate of ${workloadKey(index)} answered ${verdict.effect} (${verdict.reason})`);
  return decider;
}

function timed(prepare: (turn: number) => () => void): { p50Ms: number; slowestMs: number } {
  const samples = Array.from({ length: edits }, (_, turn) => {
    const edit = prepare(turn);
    const began = performance.now();
    edit();
    return performance.now() - began;
  }).sort((a, b) => a - b);
  return { p50Ms: samples[Math.floor(samples.length / 2)] ?? Number.NaN, slowestMs: samples.at(-1) ?? Number.NaN };
}
