import type { Verdict } from '@sallyport/policy';
import { Gauge, type Registry } from 'prom-client';
import type { ConnectionInfo } from './access-log.js';
import { BoundedCounter, type Count } from './bounded-counter.js';
import { ConnectionCounters } from './connection-counters.js';
import { registerMetric } from './registered-metric.js';
import type { ResponseFlags } from './response-flags.js';

const decisionLabelNames = ['gate', 'effect', 'reason', 'kind', 'policy', 'rule'] as const;

/** What a decision is counted for besides enforcement. */
type DecisionEffect = 'allow' | 'deny' | 'audit' | 'dry_run_allow' | 'dry_run_deny';

/** What was counted last, and where. */
interface CountedDecision {
  readonly gate: string;
  readonly effect: DecisionEffect;
  readonly reason: string;
  readonly policy: Verdict['policy'];
  readonly count: Count<(typeof decisionLabelNames)[number]>;
}

const byRegistry = new WeakMap<Registry, MeshMetrics>();

/**
 * The metrics that all gates of one process share: ztunnel's TCP metrics by their names (reference section 7.11) and a counter of
 * decisions per policy and rule.
 */
export class MeshMetrics {
  readonly #connections: ConnectionCounters;
  readonly #decisions: BoundedCounter<(typeof decisionLabelNames)[number]>;
  readonly #revoked: BoundedCounter<'reporter'>;
  #last: CountedDecision | undefined;
  /** Connections that are open, by who reports them. */
  readonly #open = { source: 0, destination: 0 };
  readonly #proxies: Gauge;

  private constructor(registry: Registry) {
    this.#connections = new ConnectionCounters(registry);
    this.#decisions = new BoundedCounter({
      registry,
      name: 'sallyport_decisions_total',
      help: 'Verdicts by gate, effect, reason, policy and rule',
      labels: decisionLabelNames,
    });
    this.#revoked = new BoundedCounter({
      registry,
      name: 'istio_crl_policy_rejections_total',
      help: 'Connections refused or ended as the certificate of the peer is revoked',
      labels: ['reporter'],
    });
    registerMetric(registry, {
      name: 'istio_tcp_sockets_open',
      help: 'Connections that are open in this process',
      type: 'gauge',
      values: () => Object.entries(this.#open).map(([reporter, value]) => ({ labels: { reporter }, value })),
    });
    const proxies = { name: 'istio_active_proxy_count', help: 'Workloads that this gate serves' };
    // Of several workers each serves all of them.
    this.#proxies = new Gauge({ ...proxies, aggregator: 'max', registers: [registry] });
  }

  /** The metrics of a registry, made once: the gates of one process share them. */
  static of(registry: Registry): MeshMetrics {
    const metrics = byRegistry.get(registry) ?? new MeshMetrics(registry);
    byRegistry.set(registry, metrics);
    return metrics;
  }

  /** A connection begins. */
  connectionOpened(connection: ConnectionInfo): void {
    this.#connections.opened(connection);
    this.#open[reporterOf(connection)] += 1;
  }

  /** A connection has ended. */
  connectionClosed(connection: ConnectionInfo, flags: ResponseFlags, bytes: { fromClient: number; fromServer: number }): void {
    this.#connections.closed(connection, flags, bytes);
    this.#open[reporterOf(connection)] -= 1;
  }

  /** A verdict was given, at a gate such as `ztunnel`. */
  decided(gate: string, verdict: Verdict): void {
    this.#decision(gate, verdict.effect, verdict.reason, verdict.policy);
    for (const policy of verdict.audit) this.#decision(gate, 'audit', verdict.reason, policy);
    if (verdict.dryRun !== undefined) {
      this.#decision(gate, `dry_run_${verdict.dryRun.effect}`, verdict.reason, verdict.dryRun.policy);
    }
  }

  /** A connection was refused, or ended, as its peer's certificate is revoked. */
  peerRevoked(reporter: 'source' | 'destination'): void {
    this.#revoked.add({ reporter });
  }

  /** So many workloads more (or, negative, fewer) are served. */
  addProxies(count: number): void {
    this.#proxies.inc(count);
  }

  #decision(gate: string, effect: DecisionEffect, reason: string, policy: Verdict['policy']): void {
    const last = this.#last;
    // One decision is mostly like the one before it, by the same rule.
    if (last?.policy === policy && last?.reason === reason && last.effect === effect && last.gate === gate) {
      last.count.value += 1;
      return;
    }
    const count = this.#decisions.of({
      gate,
      effect,
      reason,
      kind: policy?.kind ?? '-',
      policy: policy === undefined ? '-' : `${policy.namespace}/${policy.name}`,
      rule: policy?.rule === undefined ? '-' : String(policy.rule),
    });
    count.value += 1;
    this.#last = { gate, effect, reason, policy, count };
  }
}

function reporterOf({ direction }: ConnectionInfo): 'source' | 'destination' {
  return direction === 'inbound' ? 'destination' : 'source';
}
