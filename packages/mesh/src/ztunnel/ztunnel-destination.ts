import type { Socket } from 'node:net';
import type { Verdict, Workload } from '@sallyport/policy';
import { AuthorizerCalls } from '../ext-authz/authorizer-calls.js';
import type { Gate, GateOptions, Snapshot } from '../gate.js';
import type { HboneRequest, SocketEnd } from '../hbone/hbone-request.js';
import { HboneServer } from '../hbone/hbone-server.js';
import { formatAuthority, forwardedHost } from '../hbone/headers.js';
import { tunnelSource } from '../hbone/tunnel-source.js';
import { defaultHttpLimits } from '../http/limits.js';
import { fetchCredentials } from '../identity/fetch-credentials.js';
import { gateProblem } from '../identity/gate-problem.js';
import type { PeerJudge } from '../identity/peer-judge.js';
import { originalDestination } from '../namespace/namespace-socket.js';
import { ConnectionRegistry } from '../socket/connection-registry.js';
import { type Listener, type ListenerPlan, placeOf } from '../socket/listener-set.js';
import { hasPlace, namespaceOf } from '../socket/namespace-of.js';
import { needsSameSockets, type SocketsOf, socketsOf } from '../socket/needed-sockets.js';
import { type GateParts, SnapshotGate } from '../socket/snapshot-gate.js';
import { listenTcp, mostFromAddress } from '../socket/tcp-listener.js';
import { AccessLog, type ConnectionInfo } from '../telemetry/access-log.js';
import { ConnectionReport } from '../telemetry/connection-report.js';
import { DecisionLog } from '../telemetry/decision-log.js';
import { judgePeers } from '../telemetry/judge-peers.js';
import { MeshMetrics } from '../telemetry/mesh-metrics.js';
import { ConnectionTrace } from '../telemetry/tracing/connection-trace.js';
import { destinationService } from './destination-service.js';
import { dialAuthorizer } from './dial-authorizer.js';
import { hboneClient, type InboundClient, plaintextClient } from './inbound-client.js';
import { InboundConnection } from './inbound-connection.js';
import { hbonePort, isOwnPort, plaintextPort } from './ports.js';
import { type InboundDestination, type InboundSubject, ZtunnelJudge } from './ztunnel-judge.js';

/** A listener of a destination ztunnel. */
interface InboundPlan extends ListenerPlan {
  readonly identity: string;
  /** The declared port that a plaintext listener stands for; undefined for HBONE. `captured`: whichever the client dialled. */
  readonly declaredPort?: number | 'captured';
}

/** A connection that has come in. */
interface Arrival {
  readonly subject: InboundSubject;
  readonly from: SocketEnd;
  readonly to: SocketEnd;
  readonly client: InboundClient;
  /** Over HBONE. */
  readonly request?: HboneRequest;
}

/**
 * Starts the destination sides of the ztunnels of all captured workloads: HBONE on port 15008 of a workload's socket address,
 * plaintext on each port that it declares, or in a namespace of its own on all (reference sections 7.5, 7.6). Rejects where a socket cannot be opened, naming it.
 */
export function startZtunnelDestination(options: GateOptions): Promise<Gate> {
  return SnapshotGate.start(new ZtunnelDestination(options), options.snapshot);
}

class ZtunnelDestination implements GateParts<ZtunnelJudge, InboundPlan> {
  readonly name = 'ztunnel-destination';
  readonly kind = 'ztunnel-destination';
  readonly connections = new ConnectionRegistry();
  readonly #options: GateOptions;
  readonly #accessLog: AccessLog;
  readonly #decisions: DecisionLog | undefined;
  readonly #metrics: MeshMetrics;
  readonly #peers: PeerJudge;
  readonly #hboneServers = new Set<HboneServer>();
  readonly #authorizers: AuthorizerCalls;
  #judge: ZtunnelJudge | undefined;
  #planned: { readonly snapshot: SocketsOf; readonly plans: readonly InboundPlan[] } | undefined;
  #proxies = 0;

  constructor(options: GateOptions) {
    this.#options = options;
    this.#accessLog = new AccessLog({ log: options.log, format: options.logFormat ?? 'text', threshold: options.logThreshold });
    this.#decisions =
      options.decisions && new DecisionLog({ gate: this.name, sink: options.decisions, snapshot: () => this.#judge?.snapshot });
    this.#metrics = MeshMetrics.of(options.metrics);
    this.#peers = judgePeers(() => this.#judge?.snapshot.inventory, options);
    this.#authorizers = new AuthorizerCalls({
      limits: defaultHttpLimits,
      dial: (permit, service, port) => dialAuthorizer(permit, this.#judge?.snapshot, service, port),
    });
  }

  async derive(snapshot: Snapshot, signal: AbortSignal): Promise<ZtunnelJudge> {
    const workloads = capturedWorkloads(snapshot);
    await fetchCredentials(this.#options.credentials, identitiesOf(workloads));
    const judge = new ZtunnelJudge(snapshot, this.#judge);
    await judge.prepare(workloads, signal);
    return judge;
  }

  plans({ snapshot }: ZtunnelJudge): readonly InboundPlan[] {
    if (this.#planned !== undefined && needsSameSockets(this.#planned.snapshot, snapshot)) return this.#planned.plans;
    const plans = capturedWorkloads(snapshot).flatMap((workload) => plansOf(snapshot, workload));
    this.#planned = { snapshot: socketsOf(snapshot), plans };
    return plans;
  }

  open(plan: InboundPlan): Promise<Listener<InboundPlan>> {
    return plan.declaredPort === undefined ? this.#openHbone(plan) : this.#openPlaintext(plan, plan.declaredPort);
  }

  enforce(judge: ZtunnelJudge): void {
    this.#judge = judge;
    this.#authorizers.retire();
    const proxies = capturedWorkloads(judge.snapshot).length;
    this.#metrics.addProxies(proxies - this.#proxies);
    this.#proxies = proxies;
    for (const server of this.#hboneServers) server.rejudge();
  }

  problem(): string | undefined {
    const workloads = this.#judge === undefined ? [] : capturedWorkloads(this.#judge.snapshot);
    return gateProblem(identitiesOf(workloads), { credentials: this.#options.credentials, peers: this.#peers });
  }

  dispose(): void {
    this.#authorizers.close();
    this.#peers.close();
    this.#metrics.addProxies(-this.#proxies);
    this.#proxies = 0;
  }

  async #openHbone(plan: InboundPlan): Promise<Listener<InboundPlan>> {
    let workloadKey = plan.workload;
    const server = await HboneServer.listen({
      ...placeOf(plan),
      identity: plan.identity,
      credentials: this.#options.credentials,
      peers: this.#peers,
      handler: (request) => this.#connected(workloadKey, request),
      onRefused: ({ from, to, error }) => this.#failed(from, to, error),
    });
    this.#hboneServers.add(server);
    return {
      adopt: (next) => {
        workloadKey = next.workload;
        server.setIdentity(next.identity);
      },
      close: (drainMs) => {
        this.#hboneServers.delete(server);
        return server.close(drainMs);
      },
    };
  }

  async #openPlaintext(plan: InboundPlan, declaredPort: number | 'captured'): Promise<Listener<InboundPlan>> {
    let current = { workload: plan.workload, declaredPort };
    const listener = await listenTcp({
      ...placeOf(plan),
      onConnection: (socket) => void this.#accepted(current.workload, current.declaredPort, socket),
      maxFromAddress: mostFromAddress,
    });
    return {
      adopt: (next) => {
        current = { workload: next.workload, declaredPort: next.declaredPort ?? declaredPort };
      },
      close: (drainMs) => listener.close(drainMs),
    };
  }

  #connected(workloadKey: string, request: HboneRequest): Promise<void> {
    const subject: InboundSubject = {
      workloadKey,
      identity: request.peer.identity.uri,
      peerAddress: request.from.address,
      peerPort: request.from.port,
      asked: { authority: request.authority },
    };
    return this.#serve({ subject, from: request.from, to: request.to, request, client: hboneClient(request) });
  }

  #accepted(workloadKey: string, declaredPort: number | 'captured', socket: Socket): Promise<void> {
    const { remoteAddress = 'unknown', remotePort = 0, localAddress = 'unknown' } = socket;
    const to = declaredPort === 'captured' ? dialledThere(socket) : { address: localAddress, port: declaredPort };
    const subject: InboundSubject = { workloadKey, peerAddress: remoteAddress, peerPort: remotePort, asked: { port: to.port } };
    const from = { address: remoteAddress, port: remotePort };
    return this.#serve({ subject, from, to, client: plaintextClient(socket) });
  }

  /** Serves a connection to its end; whatever goes wrong is a refusal. Never rejects. */
  async #serve(arrival: Arrival): Promise<void> {
    try {
      await this.#place(arrival);
    } catch (error) {
      arrival.client.refuse(503);
      this.#failed(arrival.from, arrival.to, error instanceof Error ? error.message : String(error));
    }
  }

  /** Steps 3 to 5 of reference section 7.5; what they refuse gets an early line in the log. */
  async #place(arrival: Arrival): Promise<void> {
    const { subject, client, from, to } = arrival;
    const judge = this.#judge;
    if (judge === undefined) throw new Error('no snapshot is in force');
    const destination = judge.destination(subject);
    if (destination.kind === 'refused') {
      client.refuse(destination.status);
      this.#failed(from, to, destination.detail);
      return;
    }
    const { tracer } = this.#options;
    const trace = tracer && new ConnectionTrace(tracer, this.name, arrival.request?.headers.traceparent);
    const report = new ConnectionReport(this.#accessLog, this.#metrics, describe(judge, arrival, destination), trace);
    const context = {
      judge: () => this.#judge ?? judge,
      connections: this.connections,
      authorizers: { calls: this.#authorizers, answerAgeMs: defaultHttpLimits.authorizerAnswerAgeMs },
      decided: (verdict: Verdict) => {
        this.#metrics.decided('ztunnel', verdict);
        if (this.#decisions?.wants(verdict)) this.#decisions.write(verdict, report.connection);
      },
    };
    await new InboundConnection(context, subject, client, report).serve(destination);
  }

  #failed(from: SocketEnd, to: SocketEnd, error: string): void {
    this.#accessLog.failed({ direction: 'inbound', source: this.#nameOf(from), destination: this.#nameOf(to) }, error);
  }

  /** By policy address, as all of the log; a refusal is logged even where that cannot be had. */
  #nameOf({ address, port }: SocketEnd): string {
    try {
      return formatAuthority(this.#judge?.snapshot.addresses.policyAddress(address) ?? address, port);
    } catch {
      return formatAuthority(address, port);
    }
  }
}

function identitiesOf(workloads: readonly Workload[]): string[] {
  return [...new Set(workloads.map(({ identity }) => identity))];
}

function capturedWorkloads({ inventory }: Snapshot): Workload[] {
  return [...inventory.workloads.values()].filter(({ capture }) => capture === 'captured');
}

function plansOf({ addresses }: Snapshot, workload: Workload): InboundPlan[] {
  const address = addresses.socketAddress(workload.address);
  // Without a socket address nothing reaches this workload, which is closed enough.
  if (address === undefined || !hasPlace(addresses, workload.key)) return [];
  const common = { address, ...namespaceOf(addresses, workload.key), workload: workload.key, identity: workload.identity };
  const hbone = { ...common, port: addresses.socketPort(hbonePort), purpose: 'HBONE' };
  if (addresses.namespaces !== undefined) {
    const captured = { ...common, port: plaintextPort, purpose: 'plaintext', declaredPort: 'captured' as const };
    return workload.addresses.flatMap((own) => [
      { ...hbone, address: own },
      { ...captured, address: own },
    ]);
  }
  const declared = workload.ports.filter((port) => !isOwnPort(port));
  return [
    hbone,
    ...declared.map((port) => ({ ...common, port: addresses.socketPort(port), purpose: 'plaintext', declaredPort: port })),
  ];
}

/** Where the client of a captured connection wanted to go; port 0, which nobody has, where that cannot be told. */
function dialledThere(socket: Socket): SocketEnd {
  const { localAddress = 'unknown' } = socket;
  return originalDestination(socket) ?? { address: localAddress, port: 0 };
}

type Served = Extract<InboundDestination, { readonly kind: 'workload' }>;

/** Names a connection for log and metrics. */
function describe(judge: ZtunnelJudge, { subject, from, request }: Arrival, destination: Served): ConnectionInfo {
  const { inventory } = judge.snapshot;
  const sourceAddress = judge.sourceAddress(subject);
  const { workload, port, service: asked } = destination;
  const { network } = workload;
  const client =
    request === undefined
      ? inventory.workloadByAddress.get(sourceAddress)
      : tunnelSource(inventory, {
          identity: request.peer.identity.uri,
          address: sourceAddress,
          headers: request.headers,
          network,
        });
  const service = destinationService(inventory, {
    workload,
    port,
    asked,
    forwardedHost: request && forwardedHost(request.headers),
  });
  return {
    direction: 'inbound',
    source: {
      address: formatAuthority(sourceAddress, from.port),
      workload: client,
      identity: subject.identity,
    },
    destination: {
      address: formatAuthority(workload.address, request === undefined ? port : hbonePort),
      hboneAddress: request?.authority,
      service,
      workload,
      identity: workload.identity,
    },
  };
}
