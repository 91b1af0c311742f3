import type { Duplex } from 'node:stream';
import type { ServiceInfo } from '@sallyport/policy';
import { AuthorizerCalls } from '../ext-authz/authorizer-calls.js';
import type { Gate, GateOptions, Snapshot } from '../gate.js';
import { HbonePool } from '../hbone/hbone-pool.js';
import type { HboneRequest } from '../hbone/hbone-request.js';
import { type EarlyRefusal, HboneServer } from '../hbone/hbone-server.js';
import { formatAuthority } from '../hbone/headers.js';
import { resetStream } from '../hbone/reset.js';
import { sniffProtocol, type WireProtocol } from '../http/detect-protocol.js';
import { HttpConnection } from '../http/http-connection.js';
import { defaultHttpLimits, type HttpLimits } from '../http/limits.js';
import { gateProblem } from '../identity/gate-problem.js';
import type { PeerJudge } from '../identity/peer-judge.js';
import { keyReport } from '../jwt/key-report.js';
import { TokenVerifier } from '../jwt/token-verifier.js';
import { dialAuthorizer } from '../l7/dial-authorizer.js';
import { drainFirst } from '../l7/drain-first.js';
import { GateTelemetry } from '../l7/gate-telemetry.js';
import { hbonePort } from '../l7/hop.js';
import { OnwardDialer } from '../l7/onward-dialer.js';
import { greetingOf } from '../l7/server-name.js';
import { TargetBuilder } from '../l7/target-builder.js';
import { type TcpClient, TcpConnection } from '../l7/tcp-connection.js';
import { MysqlFilter } from '../mysql/mysql-filter.js';
import { ConnectionRegistry } from '../socket/connection-registry.js';
import { type Listener, type ListenerPlan, placeOf } from '../socket/listener-set.js';
import { namespaceOf } from '../socket/namespace-of.js';
import { SnapshotGate } from '../socket/snapshot-gate.js';
import { judgePeers } from '../telemetry/judge-peers.js';
import { readTraceparent } from '../telemetry/tracing/trace-context.js';
import { protocolOf, type ServedTarget, WaypointState } from './waypoint-state.js';
import { WaypointTunnel } from './waypoint-tunnel.js';

/** What a waypoint is started with. */
export interface WaypointOptions extends GateOptions {
  /** `NAMESPACE/NAME` of the Gateway. */
  readonly gateway: string;
  readonly limits?: Partial<HttpLimits>;
}

interface WaypointPlan extends ListenerPlan {
  readonly identity: string;
}

/**
 * Starts a waypoint: terminates HBONE as the Gateway's service account, judges each request or connection inside by the policies of
 * what it is addressed to, and goes on as itself. Rejects where the snapshot has no such waypoint or its socket cannot be opened.
 */
export function startWaypoint(options: WaypointOptions): Promise<Gate> {
  return new Waypoint(options).start();
}

class Waypoint {
  readonly #options: WaypointOptions;
  readonly #limits: HttpLimits;
  readonly #peers: PeerJudge;
  readonly #pool: HbonePool;
  readonly #dialer: OnwardDialer;
  readonly #builder: TargetBuilder;
  readonly #authorizers: AuthorizerCalls;
  readonly #tokens: TokenVerifier;
  readonly #mysql = new MysqlFilter();
  readonly #telemetry: GateTelemetry;
  readonly #connections = new ConnectionRegistry();
  readonly #httpConnections = new Set<HttpConnection>();
  readonly #servers = new Set<HboneServer>();
  #state: WaypointState | undefined;

  constructor(options: WaypointOptions) {
    this.#options = options;
    this.#limits = { ...defaultHttpLimits, ...options.limits };
    this.#peers = judgePeers(() => (this.#state?.snapshot ?? options.snapshot).inventory, options);
    this.#pool = new HbonePool({
      credentials: options.credentials,
      peers: this.#peers,
      connectTimeoutMs: this.#limits.connectTimeoutMs,
    });
    this.#dialer = new OnwardDialer(this.#pool, this.#limits.connectTimeoutMs);
    this.#builder = new TargetBuilder(this.#dialer, clusterName);
    const way = { builder: this.#builder, dialer: this.#dialer };
    this.#tokens = new TokenVerifier({ report: keyReport(options) });
    this.#authorizers = new AuthorizerCalls({
      limits: this.#limits,
      dial: (permit, service, port) => dialAuthorizer(way, this.#state, permit, service, port),
    });
    this.#telemetry = new GateTelemetry('waypoint', options, () => this.#state?.snapshot);
  }

  async start(): Promise<Gate> {
    const { snapshot, gateway } = this.#options;
    if (WaypointState.of(snapshot, gateway) === undefined) {
      this.#dispose();
      throw new Error(`\`${gateway}\` is no waypoint of this mesh`);
    }
    const gate = await SnapshotGate.start<WaypointState | undefined, WaypointPlan>(
      {
        name: `waypoint ${gateway}`,
        kind: 'waypoint',
        connections: this.#connections,
        derive: (next, signal) => this.#derive(next, signal),
        plans: plansOf,
        open: (plan) => this.#open(plan),
        enforce: (state) => this.#enforce(state),
        problem: () => this.#problem(),
        dispose: () => this.#dispose(),
      },
      snapshot,
    );
    return drainFirst(gate, () => {
      for (const connection of this.#httpConnections) {
        connection.drain();
      }
    });
  }

  /** A snapshot without this waypoint is a state, too: nothing listens, and nothing is served. */
  async #derive(snapshot: Snapshot, signal: AbortSignal): Promise<WaypointState | undefined> {
    const state = WaypointState.of(snapshot, this.#options.gateway, this.#state);
    if (state !== undefined) {
      // Without credentials the gate refuses every handshake, which is no reason to keep an older policy in force.
      await this.#options.credentials.fetch(state.gateway.workload.identity).catch(() => undefined);
      await state.prepare(signal);
    }
    return state;
  }

  async #open(plan: WaypointPlan): Promise<Listener> {
    const server = await HboneServer.listen({
      ...placeOf(plan),
      identity: plan.identity,
      credentials: this.#options.credentials,
      peers: this.#peers,
      handler: (request) => this.#accept(request),
      onRefused: (refusal) => this.#refused(refusal),
    });
    this.#servers.add(server);
    return {
      close: (drainMs) => {
        this.#servers.delete(server);
        return server.close(drainMs);
      },
    };
  }

  #enforce(state: WaypointState | undefined): void {
    this.#state = state;
    this.#authorizers.retire();
    for (const server of this.#servers) {
      if (state !== undefined) {
        server.setIdentity(state.gateway.workload.identity);
      }
      server.rejudge();
    }
    this.#pool.rejudge();
  }

  #accept(request: HboneRequest): void | Promise<void> {
    const state = this.#state;
    const target = state?.accept(request.authority);
    if (state === undefined || target === undefined || target.kind === 'refused') {
      request.refuse(target?.kind === 'refused' ? target.status : 503);
      const error = target?.kind === 'refused' ? target.detail : 'no such waypoint';
      return this.#refused({ from: request.from, to: request.to, error });
    }
    const source = state.snapshot.addresses.policyAddress(request.from.address);
    const tunnel = new WaypointTunnel(request, source, () => this.#state, this.#builder);
    switch (protocolOf(state.snapshot.inventory, target).kind) {
      case 'http':
        return this.#serveHttp(state, tunnel, target, request.accept());
      case 'tcp':
        if (tunnel.wantsServerName(state, target)) return this.#greet(tunnel, opened(request));
        return this.#serveTcp(state, tunnel, target, {
          open: () => request.accept(),
          refuse: (why) => request.refuse(why === 'denied' ? 401 : 503),
          gone: () => request.gone,
        });
      case 'undeclared':
        return this.#sniff(tunnel);
    }
  }

  /** Nobody declared the protocol: the tunnel is opened, and its first bytes tell how it is judged. */
  async #sniff(tunnel: WaypointTunnel): Promise<void> {
    const stream = opened(tunnel.request);
    const protocol = await sniffProtocol(stream, this.#limits.sniffTimeoutMs);
    const state = this.#state;
    const target = state === undefined ? undefined : tunnel.target(state);
    if (state === undefined || target === undefined) {
      resetStream(stream);
    } else if (protocol === 'tcp' && tunnel.wantsServerName(state, target)) {
      await this.#greet(tunnel, stream);
    } else if (protocol === 'tcp') {
      await this.#serveTcp(state, tunnel, target, openedClient(stream));
    } else {
      this.#serveHttp(state, tunnel, target, stream, protocol);
    }
  }

  /** Policy asks for the server name: the tunnel is opened, and the TLS inside tells it before anything is judged. */
  async #greet(tunnel: WaypointTunnel, stream: Duplex): Promise<void> {
    tunnel.greeted(await greetingOf(stream, this.#limits.preambleTimeoutMs));
    const state = this.#state;
    const target = state === undefined ? undefined : tunnel.target(state);
    if (state === undefined || target === undefined) {
      resetStream(stream);
    } else {
      await this.#serveTcp(state, tunnel, target, openedClient(stream));
    }
  }

  #serveHttp(state: WaypointState, tunnel: WaypointTunnel, target: ServedTarget, stream: Duplex, protocol?: WireProtocol): void {
    const { destinationIp, destinationPort } = state.attributes(target, tunnel.peer);
    const source = tunnel.source(state);
    const connection = new HttpConnection({
      stream,
      scheme: 'http',
      ...(protocol === undefined ? {} : { protocol }),
      limits: this.#limits,
      authorizers: this.#authorizers,
      tokens: this.#tokens,
      tracer: this.#options.tracer,
      parties: {
        downstreamRemote: tunnel.downstreamRemote,
        downstreamLocal: formatAuthority(destinationIp, destinationPort),
        identity: tunnel.peer.identity,
        ...(source === undefined ? {} : { source }),
        ...(target.kind === 'service' ? { service: target.service } : {}),
      },
      scope: () => tunnel.scope(),
      decided: (verdict, record) => this.#telemetry.decidedRequest(verdict, record),
      finished: (record) => this.#telemetry.finished(record),
    });
    const ended = this.#connections.add(connection);
    this.#httpConnections.add(connection);
    tunnel.request.onClose(() => {
      this.#httpConnections.delete(connection);
      ended();
    });
  }

  async #serveTcp(state: WaypointState, tunnel: WaypointTunnel, target: ServedTarget, client: TcpClient): Promise<void> {
    const { request, peer } = tunnel;
    const source = tunnel.source(state);
    const { traceparent } = request.headers;
    const report = this.#telemetry.report(
      {
        direction: 'inbound',
        source: {
          address: tunnel.downstreamRemote,
          identity: peer.identity,
          ...(source === undefined ? {} : { workload: source }),
        },
        destination: {
          address: request.authority,
          hboneAddress: request.authority,
          ...(target.kind === 'service' ? { service: target.service } : { workload: target.workload }),
        },
      },
      traceparent,
    );
    // Without a span of its own a gate is no more than a hop on the way.
    const onward = report.traceparent ?? (readTraceparent(traceparent) && traceparent);
    const connection = new TcpConnection({
      client,
      report,
      stages: tunnel.connectionStages(),
      authorizers: { calls: this.#authorizers, answerAgeMs: this.#limits.authorizerAnswerAgeMs },
      filter: () => tunnel.filter(this.#mysql),
      refused: (verdict, subject) => report.refused(verdict, subject),
      targets: () => tunnel.connectionTargets(),
      dial: (permit, hop) =>
        this.#dialer.open(permit, this.#state ?? state, hop, { ...tunnel.origin(target), traceparent: onward }),
      decided: (verdict, subject) => this.#telemetry.decided(verdict, report, subject),
    });
    const ended = this.#connections.add(connection);
    await connection.serve().finally(ended);
  }

  #refused({ from, to, error }: EarlyRefusal): void {
    const ends = { source: formatAuthority(from.address, from.port), destination: formatAuthority(to.address, to.port) };
    this.#telemetry.connections.failed({ direction: 'inbound', ...ends }, error);
  }

  #problem(): string | undefined {
    const identities = this.#state === undefined ? [] : [this.#state.gateway.workload.identity];
    return gateProblem(identities, { credentials: this.#options.credentials, peers: this.#peers });
  }

  #dispose(): void {
    this.#authorizers.close();
    this.#tokens.close();
    this.#mysql.close();
    this.#pool.close();
    this.#peers.close();
  }
}

/** Opens a tunnel before it is judged. Its end is seen by whoever serves it; an error without a listener would end the process. */
function opened(request: HboneRequest): Duplex {
  return request.accept().on('error', () => undefined);
}

/** The client of a tunnel that is open already. */
function openedClient(stream: Duplex): TcpClient {
  return { open: () => stream, refuse: () => resetStream(stream), gone: () => stream.destroyed };
}

function plansOf(state: WaypointState | undefined): readonly WaypointPlan[] {
  if (state === undefined) {
    return [];
  }
  const { gateway, socketAddress, snapshot } = state;
  const { addresses } = snapshot;
  const { key, identity } = gateway.workload;
  const place = { address: socketAddress, port: addresses.socketPort(hbonePort), ...namespaceOf(addresses, key) };
  return [{ ...place, purpose: 'HBONE', workload: key, identity }];
}

function clusterName(service: ServiceInfo, port: number): string {
  return `inbound-vip|${port}|http|${service.hostname}`;
}
