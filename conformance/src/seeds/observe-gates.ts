import { setTimeout as delay } from 'node:timers/promises';
import type { MeshReport } from '../mesh-process.js';
import { growth, parseMetrics, type Series } from './gate-metrics.js';
import type { Effect, GateAnswer } from './scenario.js';

type GateReport = MeshReport['gates'][number];
type Kind = GateAnswer['gate'];

/** The counters of all gate processes of a mesh at one moment. */
export type Counters = ReadonlyMap<GateReport, readonly Series[]>;

const settleMilliseconds = 5000;
const pollMilliseconds = 20;
const order: readonly Kind[] = ['gateway', 'waypoint', 'ztunnel'];

/** Reads the counters of all gates that judge: source sides of ztunnels only send. */
export async function readCounters(gates: readonly GateReport[]): Promise<Counters> {
  const judging = gates.filter((gate) => kindOf(gate) !== undefined);
  const texts = await Promise.all(judging.map(async (gate) => parseMetrics(await (await fetch(gate.metrics)).text())));
  return new Map(judging.map((gate, index) => [gate, texts[index] ?? []]));
}

/**
 * What each gate decided since `before`, in the order of the path, read from its own counters: which verdicts it gave, and whom it saw
 * at which workload. A gate counts a request when it is over, so this waits a little while for `expected` many gates to have done so.
 */
export async function answersSince(before: Counters, expected: number): Promise<GateAnswer[]> {
  const deadline = performance.now() + settleMilliseconds;
  for (;;) {
    const after = await readCounters([...before.keys()]);
    const answers = [...after].flatMap(([gate, series]) => answersOf(gate, growth(before.get(gate) ?? [], series)));
    const settled = answers.length >= expected && answers.every(isWhole);
    if (settled || performance.now() > deadline) return answers.sort((a, b) => order.indexOf(a.gate) - order.indexOf(b.gate));
    await delay(pollMilliseconds);
  }
}

/** Whether the gate has counted by now whom it saw: verdicts are counted at once, requests when they are over. */
function isWhole({ name, sourceIdentity }: GateAnswer): boolean {
  return name !== '' && sourceIdentity !== '';
}

function answersOf(gate: GateReport, grown: readonly Series[]): GateAnswer[] {
  const kind = kindOf(gate);
  if (kind === undefined) return [];
  const decisions = grown.filter(({ metric, labels }) => metric === 'sallyport_decisions_total' && isEffect(labels.effect));
  const seen = grown.filter((series) => isSighting(series, kind));
  return decisions.map(({ labels }) => ({
    gate: kind,
    name: nameOf(gate, kind, seen),
    effect: labels.effect as Effect,
    reason: labels.reason ?? '',
    sourceIdentity: identityOf(seen),
    ...(isNamed(labels.policy) ? { policy: labels.policy } : {}),
    ...(isNamed(labels.rule) ? { rule: Number(labels.rule) } : {}),
  }));
}

function isNamed(label: string | undefined): label is string {
  return label !== undefined && label !== '-';
}

function isEffect(text: string | undefined): text is Effect {
  return text === 'allow' || text === 'deny';
}

/** Whether a counter says who connected: connections at a ztunnel and for TCP, requests at the gates that read HTTP. */
function isSighting({ metric, labels }: Series, kind: Kind): boolean {
  if (metric === 'istio_tcp_connections_opened_total') return labels.reporter === 'destination';
  return kind !== 'ztunnel' && metric === 'istio_requests_total';
}

function nameOf(gate: GateReport, kind: Kind, seen: readonly Series[]): string {
  if (kind !== 'ztunnel') return gate.name.slice(kind.length + 1);
  return distinct(seen.map(({ labels }) => `${labels.destination_workload_namespace}/${labels.destination_workload}`));
}

function identityOf(seen: readonly Series[]): string | null {
  const principal = distinct(seen.map(({ labels }) => labels.source_principal ?? 'unknown'));
  return principal === 'unknown' ? null : principal;
}

/** One value, as one request makes one connection at each gate; several are shown as such, and equal no expectation. */
function distinct(values: readonly string[]): string {
  return [...new Set(values)].join(' and ');
}

function kindOf({ name }: GateReport): Kind | undefined {
  if (name === 'ztunnel-destination') return 'ztunnel';
  return order.find((kind) => name.startsWith(`${kind} `));
}
