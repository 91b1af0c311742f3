import type { LiveConnection } from '@sallyport/mesh';
import type { GateReport, MeshStatus } from '../supervisor/mesh-status.js';
import type { GateSample } from './gate-sample.js';
import type { Sample } from './open-metrics.js';

/** What `sallyport top` shows, and prints as it is with `-o json`. Rates are of the time between two looks at each gate. */
export interface MeshActivity {
  readonly id: string;
  readonly folder: string;
  readonly snapshot: number;
  readonly seconds: number;
  readonly gates: readonly GateActivity[];
  /** By gate, effect, reason, policy and rule; those that come most often first. */
  readonly decisions: readonly DecisionActivity[];
  /** The oldest first. */
  readonly connections: readonly (LiveConnection & { readonly gate: string })[];
}

/** One gate; where it does not answer, only what its supervisor knows. */
export interface GateActivity {
  readonly name: string;
  readonly state: 'up' | 'not ready' | 'down' | 'no answer';
  readonly problem?: string;
  readonly openConnections?: number;
  /** Requests in flight. */
  readonly requests?: number;
  readonly perSecond?: {
    readonly connections: number;
    readonly requests: number;
    readonly allowed: number;
    readonly denied: number;
  };
  readonly memoryBytes?: number;
}

/** How often one thing was decided. */
export interface DecisionActivity {
  readonly gate: string;
  readonly effect: string;
  readonly reason: string;
  /** `KIND/NAMESPACE/NAME`; absent where no policy decided. */
  readonly policy?: string;
  readonly rule?: string;
  /** Since the gate's first process began. */
  readonly count: number;
  readonly perSecond: number;
}

/** Two looks at a gate, the second one now. */
export interface GateSamples {
  readonly before: GateSample | undefined;
  readonly now: GateSample | undefined;
}

const decisions = 'sallyport_decisions_total';

/** What happened at the gates of a mesh between two looks. */
export function meshActivity(
  { id, folder, snapshot, gates }: MeshStatus,
  samples: ReadonlyMap<string, GateSamples>,
): MeshActivity {
  const known = gates.map((gate) => ({ gate, ...(samples.get(gate.name) ?? { before: undefined, now: undefined }) }));
  return {
    id,
    folder,
    snapshot,
    seconds: Math.max(0, ...known.map(secondsBetween)),
    gates: known.map((one) => gateActivity(one.gate, one)),
    decisions: known.flatMap((one) => decisionActivity(one.gate.name, one)).sort(byRateAndCount),
    connections: known
      .flatMap(({ gate, now }) => (now?.connections ?? []).map((connection) => ({ gate: gate.name, ...connection })))
      .sort((a, b) => b.ageMs - a.ageMs),
  };
}

function gateActivity({ name, state, ready, problem }: GateReport, samples: GateSamples): GateActivity {
  const { now } = samples;
  if (now === undefined) return { name, state: state === 'down' ? 'down' : 'no answer' };
  const rate = (metric: string, labels: Sample['labels'] = {}) => perSecond(samples, metric, labels);
  return {
    name,
    state: ready ? 'up' : 'not ready',
    ...(problem === undefined ? {} : { problem }),
    openConnections: now.open,
    requests: now.connections.reduce((sum, { requests = 0 }) => sum + requests, 0),
    perSecond: {
      connections: rate('istio_tcp_connections_opened_total'),
      requests: rate('istio_requests_total'),
      allowed: rate(decisions, { effect: 'allow' }),
      denied: rate(decisions, { effect: 'deny' }),
    },
    memoryBytes: now.memoryBytes,
  };
}

function decisionActivity(gate: string, samples: GateSamples): DecisionActivity[] {
  return (samples.now?.metrics ?? [])
    .filter(({ name }) => name === decisions)
    .map(({ labels, value }) => {
      const { effect = '', reason = '', kind = '-', policy = '-', rule = '-' } = labels;
      return {
        gate,
        effect,
        reason,
        ...(policy === '-' ? {} : { policy: `${kind}/${policy}` }),
        ...(rule === '-' ? {} : { rule }),
        count: value,
        perSecond: perSecond(samples, decisions, labels),
      };
    });
}

function byRateAndCount(a: DecisionActivity, b: DecisionActivity): number {
  return b.perSecond - a.perSecond || b.count - a.count;
}

/** How fast all series of a metric with these labels grew. One that shrank began anew in between. */
function perSecond(samples: GateSamples, metric: string, labels: Sample['labels']): number {
  const seconds = secondsBetween(samples);
  if (seconds <= 0) return 0;
  const grown = total(samples.now, metric, labels) - total(samples.before, metric, labels);
  return Math.max(0, grown) / seconds;
}

function secondsBetween({ before, now }: GateSamples): number {
  return before === undefined || now === undefined ? 0 : (now.at - before.at) / 1000;
}

function total(sample: GateSample | undefined, metric: string, labels: Sample['labels']): number {
  const wanted = Object.entries(labels);
  return (sample?.metrics ?? [])
    .filter((one) => one.name === metric && wanted.every(([name, value]) => one.labels[name] === value))
    .reduce((sum, { value }) => sum + value, 0);
}
