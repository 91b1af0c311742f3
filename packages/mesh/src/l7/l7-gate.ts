import type { Duplex } from 'node:stream';
import type { ServiceInfo } from '@sallyport/policy';
import { AuthorizerCalls } from '../ext-authz/authorizer-calls.js';
import type { Gate, GateOptions, Snapshot } from '../gate.js';
import { HbonePool } from '../hbone/hbone-pool.js';
import { HttpConnection, type HttpConnectionOptions } from '../http/http-connection.js';
import { defaultHttpLimits, type HttpLimits } from '../http/limits.js';
import { gateProblem } from '../identity/gate-problem.js';
import type { PeerJudge } from '../identity/peer-judge.js';
import { keyReport } from '../jwt/key-report.js';
import { TokenVerifier } from '../jwt/token-verifier.js';
import { MysqlFilter } from '../mysql/mysql-filter.js';
import { ConnectionRegistry } from '../socket/connection-registry.js';
import type { ListenerPlan } from '../socket/listener-set.js';
import { type GateParts, SnapshotGate } from '../socket/snapshot-gate.js';
import { judgePeers } from '../telemetry/judge-peers.js';
import { dialAuthorizer } from './dial-authorizer.js';
import { drainFirst } from './drain-first.js';
import { GateTelemetry } from './gate-telemetry.js';
import { type DialContext, OnwardDialer } from './onward-dialer.js';
import { TargetBuilder } from './target-builder.js';
import { TcpConnection, type TcpConnectionOptions } from './tcp-connection.js';

/** What an L7 gate is started with. */
export interface L7GateOptions extends GateOptions {
  /** `NAMESPACE/NAME` of the Gateway. */
  readonly gateway: string;
  readonly limits?: Partial<HttpLimits>;
}

/** What an L7 gate is under one snapshot. */
export interface L7State extends DialContext {
  /** Makes its deciders. Rejects where `signal` says to stop, and only there. */
  prepare(signal: AbortSignal): Promise<void>;
}

/** What each kind of L7 gate does in its own way. */
export interface L7Parts<State extends L7State, Plan extends ListenerPlan>
  extends Pick<GateParts<State | undefined, Plan>, 'plans' | 'open'> {
  /** Its state; undefined where the snapshot has no such gate. */
  stateOf(snapshot: Snapshot, previous: State | undefined): State | undefined;
  /** A state is in force now. */
  enforced?(state: State | undefined): void;
}

type HttpClient = Omit<HttpConnectionOptions, 'limits' | 'authorizers' | 'tokens' | 'tracer' | 'decided' | 'finished'>;
type TcpClientOptions = Omit<TcpConnectionOptions, 'authorizers' | 'refused' | 'decided' | 'dial'>;
type DialOptions = Parameters<OnwardDialer['open']>;

/**
 * What a waypoint and an ingress gateway have in common: the state in force, the way onward, authorizers, tokens, telemetry, and
 * what is open. How clients arrive is each one's own.
 */
export class L7Gate<State extends L7State> {
  readonly limits: HttpLimits;
  readonly peers: PeerJudge;
  readonly builder: TargetBuilder;
  readonly telemetry: GateTelemetry;
  readonly mysql = new MysqlFilter();
  readonly #kind: 'waypoint' | 'gateway';
  readonly #options: L7GateOptions;
  readonly #pool: HbonePool;
  readonly #dialer: OnwardDialer;
  readonly #authorizers: AuthorizerCalls;
  readonly #tokens: TokenVerifier;
  readonly #connections = new ConnectionRegistry();
  readonly #httpConnections = new Set<HttpConnection>();
  #state: State | undefined;

  /** `clusterName` names a service in access logs as Envoy does. */
  constructor(kind: 'waypoint' | 'gateway', options: L7GateOptions, clusterName: (service: ServiceInfo, port: number) => string) {
    this.#kind = kind;
    this.#options = options;
    this.limits = { ...defaultHttpLimits, ...options.limits };
    this.peers = judgePeers(() => (this.#state?.snapshot ?? options.snapshot).inventory, options);
    this.#pool = new HbonePool({
      credentials: options.credentials,
      peers: this.peers,
      connectTimeoutMs: this.limits.connectTimeoutMs,
    });
    this.#dialer = new OnwardDialer(this.#pool, this.limits.connectTimeoutMs);
    this.builder = new TargetBuilder(this.#dialer, clusterName);
    const way = { builder: this.builder, dialer: this.#dialer };
    this.#tokens = new TokenVerifier({ report: keyReport(options) });
    this.#authorizers = new AuthorizerCalls({
      limits: this.limits,
      dial: (permit, service, port) => dialAuthorizer(way, this.#state, permit, service, port),
    });
    this.telemetry = new GateTelemetry(kind, options, () => this.#state?.snapshot);
  }

  /** What is in force; undefined before the start, and where the snapshot in force has no such gate. */
  get state(): State | undefined {
    return this.#state;
  }

  /** Rejects where the first snapshot has no such gate or a socket cannot be opened. */
  async start<Plan extends ListenerPlan>(parts: L7Parts<State, Plan>): Promise<Gate> {
    const { snapshot, gateway } = this.#options;
    if (parts.stateOf(snapshot, undefined) === undefined) {
      this.#dispose();
      throw new Error(`\`${gateway}\` is no ${this.#kind === 'gateway' ? 'ingress gateway' : 'waypoint'} of this mesh`);
    }
    const gate = await SnapshotGate.start<State | undefined, Plan>(
      {
        name: `${this.#kind} ${gateway}`,
        kind: this.#kind,
        connections: this.#connections,
        derive: (next, signal) => this.#derive(parts.stateOf(next, this.#state), signal),
        plans: (state) => parts.plans(state),
        open: (plan) => parts.open(plan),
        enforce: (state) => {
          this.#state = state;
          this.#authorizers.retire();
          parts.enforced?.(state);
          this.#pool.rejudge();
        },
        problem: () => this.#problem(),
        dispose: () => this.#dispose(),
      },
      snapshot,
    );
    return drainFirst(gate, () => {
      for (const connection of this.#httpConnections) connection.drain();
    });
  }

  /** Serves HTTP to a client; `onClosed` tells when it is gone. */
  serveHttp(client: HttpClient, onClosed: (listener: () => void) => void): void {
    const connection = new HttpConnection({
      ...client,
      limits: this.limits,
      authorizers: this.#authorizers,
      tokens: this.#tokens,
      tracer: this.#options.tracer,
      decided: (verdict, record) => this.telemetry.decidedRequest(verdict, record),
      finished: (record) => this.telemetry.finished(record),
    });
    const ended = this.#connections.add(connection);
    this.#httpConnections.add(connection);
    onClosed(() => {
      this.#httpConnections.delete(connection);
      ended();
    });
  }

  /** Serves a connection without HTTP to its end; `onward` says as what of which state it goes on. */
  async serveTcp(
    client: TcpClientOptions,
    onward: () => { readonly state: State; readonly origin: DialOptions[3] },
  ): Promise<void> {
    const { report } = client;
    const connection = new TcpConnection({
      ...client,
      authorizers: {
        calls: this.#authorizers,
        answerAgeMs: this.limits.authorizerAnswerAgeMs,
        trace: () => report.trace,
      },
      refused: (verdict, subject) => report.refused(verdict, subject),
      decided: (verdict, subject) => this.telemetry.decided(verdict, report, subject),
      dial: async (permit, hop): Promise<Duplex> => {
        const { state, origin } = onward();
        return this.#dialer.open(permit, state, hop, origin);
      },
    });
    const ended = this.#connections.add(connection);
    await connection.serve().finally(ended);
  }

  /** A snapshot without this gate is a state, too: nothing listens, and nothing is served. */
  async #derive(state: State | undefined, signal: AbortSignal): Promise<State | undefined> {
    if (state !== undefined) {
      // Without credentials nothing gets past this gate, which is no reason to keep an older policy in force.
      await this.#options.credentials.fetch(state.gateway.workload.identity).catch(() => undefined);
      await state.prepare(signal);
    }
    return state;
  }

  #problem(): string | undefined {
    const identities = this.#state === undefined ? [] : [this.#state.gateway.workload.identity];
    return gateProblem(identities, { credentials: this.#options.credentials, peers: this.peers });
  }

  #dispose(): void {
    this.#authorizers.close();
    this.#tokens.close();
    this.mysql.close();
    this.#pool.close();
    this.peers.close();
  }
}
