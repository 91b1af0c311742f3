import type { Verdict } from '@sallyport/policy';
import { Gauge, type Registry } from 'prom-client';
import type { ConnectionInfo } from './access-log.js';
import { BoundedCounter } from './bounded-counter.js';
import { type ConnectionLabel, connectionLabelNames, connectionLabels } from './connection-labels.js';
import type { ResponseFlags } from './response-flags.js';

const decisionLabelNames = ['gate', 'effect', 'reason', 'kind', 'policy', 'rule'] as const;

/** What a decision is counted for besides enforcement. */
type DecisionEffect = 'allow' | 'deny' | 'audit' | 'dry_run_allow' | 'dry_run_deny';

const byRegistry = new WeakMap<Registry, MeshMetrics>();

/**
 * The metrics that all gates of one process share: ztunnel's TCP metrics by their names (reference section 7.11) and a counter of
 * decisions per policy and rule.
 */
export class MeshMetrics {
  readonly #opened: BoundedCounter<ConnectionLabel>;
  readonly #closed: BoundedCounter<ConnectionLabel>;
  readonly #failed: BoundedCounter<ConnectionLabel>;
  readonly #sent: BoundedCounter<ConnectionLabel>;
  readonly #received: BoundedCounter<ConnectionLabel>;
  readonly #decisions: BoundedCounter<(typeof decisionLabelNames)[number]>;
  readonly #revoked: BoundedCounter<'reporter'>;
  readonly #open: Gauge;
  readonly #proxies: Gauge;

  private constructor(registry: Registry) {
    const counter = (name: string, help: string): BoundedCounter<ConnectionLabel> =>
      new BoundedCounter({ registry, name, help, labels: connectionLabelNames });
    const gauge = (name: string, help: string): Gauge => new Gauge({ name, help, registers: [registry] });
    this.#opened = counter('istio_tcp_connections_opened_total', 'TCP connections opened');
    this.#closed = counter('istio_tcp_connections_closed_total', 'TCP connections closed');
    this.#failed = counter('istio_tcp_connections_failed_total', 'TCP connections that ended with an error');
    this.#sent = counter('istio_tcp_sent_bytes_total', 'Bytes sent to the client of a TCP connection');
    this.#received = counter('istio_tcp_received_bytes_total', 'Bytes received from the client of a TCP connection');
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
    this.#open = gauge('istio_tcp_sockets_open', 'Connections that are open in this process');
    this.#proxies = gauge('istio_active_proxy_count', 'Workloads that this process serves');
  }

  /** The metrics of a registry, made once: the gates of one process share them. */
  static of(registry: Registry): MeshMetrics {
    const metrics = byRegistry.get(registry) ?? new MeshMetrics(registry);
    byRegistry.set(registry, metrics);
    return metrics;
  }

  /** A connection begins. */
  connectionOpened(connection: ConnectionInfo): void {
    this.#opened.add(connectionLabels(connection, '-'));
    this.#open.inc();
  }

  /**
   * A connection has ended. Bytes are counted from the server's point of view at both reporters, as Istio does: received is what
   * the client sent.
   */
  connectionClosed(connection: ConnectionInfo, flags: ResponseFlags, bytes: { fromClient: number; fromServer: number }): void {
    const labels = connectionLabels(connection, flags);
    this.#closed.add(labels);
    if (flags !== '-') this.#failed.add(labels);
    this.#received.add(labels, bytes.fromClient);
    this.#sent.add(labels, bytes.fromServer);
    this.#open.dec();
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
    this.#decisions.add({
      gate,
      effect,
      reason,
      kind: policy?.kind ?? '-',
      policy: policy === undefined ? '-' : `${policy.namespace}/${policy.name}`,
      rule: policy?.rule === undefined ? '-' : String(policy.rule),
    });
  }
}
