import type { Socket } from 'node:net';
import type { Workload } from '@sallyport/policy';
import type { KnownName } from '../dns/answer-query.js';
import { DnsMetrics } from '../dns/dns-metrics.js';
import { lookupName } from '../dns/lookup-name.js';
import { isStandIn, NamedAddresses } from '../dns/named-addresses.js';
import { openResolver } from '../dns/resolver.js';
import type { Gate, GateOptions, Snapshot, StandIns } from '../gate.js';
import { failureOf } from '../hbone/hbone-error.js';
import { HbonePool } from '../hbone/hbone-pool.js';
import { formatAuthority } from '../hbone/headers.js';
import { resetSocket } from '../hbone/reset.js';
import { fetchCredentials } from '../identity/fetch-credentials.js';
import { gateProblem } from '../identity/gate-problem.js';
import type { PeerJudge } from '../identity/peer-judge.js';
import { originalDestination } from '../namespace/namespace-socket.js';
import { ConnectionRegistry } from '../socket/connection-registry.js';
import { type Listener, type ListenerPlan, placeOf } from '../socket/listener-set.js';
import { hasPlace, namespaceOf } from '../socket/namespace-of.js';
import { needsSameSockets, type SocketsOf, socketsOf } from '../socket/needed-sockets.js';
import { type GateParts, SnapshotGate } from '../socket/snapshot-gate.js';
import { listenTcp } from '../socket/tcp-listener.js';
import { AccessLog } from '../telemetry/access-log.js';
import { DecisionLog } from '../telemetry/decision-log.js';
import { judgePeers } from '../telemetry/judge-peers.js';
import { MeshMetrics } from '../telemetry/mesh-metrics.js';
import { HttpConnect } from './http-connect.js';
import { OutboundConnection, type OutboundContext } from './outbound-connection.js';
import { dnsPort, outboundPort, socksPort } from './ports.js';
import type { ProxyHandlers } from './proxy-request.js';
import { RoundRobin } from './round-robin.js';
import { serveProxyClient } from './serve-proxy-client.js';

/** A listener of a source ztunnel. */
interface OutboundListenerPlan extends ListenerPlan {
  /** `capture`: whatever connects from the workload's namespace is the workload. `proxy`: whoever presents its credential is. */
  readonly kind: 'proxy' | 'capture' | 'resolver';
}

/**
 * Starts the source sides of the ztunnels of all workloads: SOCKS5 and HTTP CONNECT on port 15080 of a workload's socket address,
 * where presenting the workload's credential is what makes a client that workload (reference sections 7.3, 7.10). Where workloads have network
 * namespaces, what they connect to is captured on port 15001, and their resolver is port 15053. Workloads without a ztunnel get the same
 * listeners and connect in plaintext. Rejects where a socket cannot be opened, naming it.
 */
export function startZtunnelSource(options: GateOptions): Promise<Gate> {
  return SnapshotGate.start(new ZtunnelSource(options), options.snapshot);
}

class ZtunnelSource implements GateParts<Snapshot, OutboundListenerPlan> {
  readonly name = 'ztunnel-source';
  readonly kind = 'ztunnel-source';
  readonly connections = new ConnectionRegistry();
  readonly #options: GateOptions;
  readonly #peers: PeerJudge;
  readonly #context: OutboundContext;
  readonly #standIns: StandIns;
  #snapshot: Snapshot | undefined;
  #planned: { readonly snapshot: SocketsOf; readonly plans: readonly OutboundListenerPlan[] } | undefined;

  constructor(options: GateOptions) {
    this.#options = options;
    this.#standIns = options.standIns ?? new NamedAddresses();
    this.#peers = judgePeers(() => this.#snapshot?.inventory, options);
    this.#context = {
      snapshot: () => this.#snapshot,
      pool: new HbonePool({
        credentials: options.credentials,
        peers: this.#peers,
      }),
      turns: new RoundRobin(),
      connections: this.connections,
      accessLog: new AccessLog({ log: options.log, format: options.logFormat ?? 'text', threshold: options.logThreshold }),
      metrics: MeshMetrics.of(options.metrics),
      tracer: options.tracer,
      decisions:
        options.decisions && new DecisionLog({ gate: this.name, sink: options.decisions, snapshot: () => this.#snapshot }),
    };
  }

  async derive(snapshot: Snapshot): Promise<Snapshot> {
    await fetchCredentials(this.#options.credentials, identitiesOf(snapshot));
    return snapshot;
  }

  plans(snapshot: Snapshot): readonly OutboundListenerPlan[] {
    if (this.#planned !== undefined && needsSameSockets(this.#planned.snapshot, snapshot)) return this.#planned.plans;
    const plans = clients(snapshot).flatMap((workload) => plansOf(snapshot, workload));
    this.#planned = { snapshot: socketsOf(snapshot), plans };
    return plans;
  }

  open(plan: OutboundListenerPlan): Promise<Listener> {
    switch (plan.kind) {
      case 'proxy':
        return this.#openProxy(plan);
      case 'capture':
        return this.#openCapture(plan);
      case 'resolver':
        return this.#openResolver(plan);
    }
  }

  /** A namespace is one workload's alone, so these listeners never change owner. */
  #openCapture(plan: OutboundListenerPlan): Promise<Listener> {
    return listenTcp({ ...placeOf(plan), onConnection: (socket) => this.#captured(plan, socket), share: this.#options.share });
  }

  #openResolver(plan: OutboundListenerPlan): Promise<Listener> {
    const metrics = DnsMetrics.of(this.#options.metrics);
    const client = () => this.#snapshot?.inventory.workloads.get(plan.workload);
    return openResolver({
      ...placeOf(plan),
      lookup: (name) => this.#lookup(plan.workload, name),
      asked: (type, transport) => metrics.asked({ type, transport, client: client() }),
      forwarded: (type, transport, seconds) => metrics.forwarded({ type, transport, client: client() }, seconds),
    });
  }

  #captured(plan: OutboundListenerPlan, socket: Socket): void {
    const dialled = originalDestination(socket);
    if (dialled === undefined) {
      this.#failed(plan, socket, 'the destination of a captured connection is not known');
      resetSocket(socket);
      return;
    }
    if (isStandIn(dialled.address)) void this.#serveNamed(plan, socket, dialled);
    else this.#serve(plan.workload, dialled.address, dialled.port, socket);
  }

  /** A connection whose name nobody can tell is refused: by its address no policy would know it. */
  async #serveNamed(plan: OutboundListenerPlan, socket: Socket, { address, port }: { address: string; port: number }) {
    try {
      this.#serve(plan.workload, (await this.#standIns.nameOf(address)) ?? address, port, socket);
    } catch (error) {
      this.#failed(plan, socket, `the name that ${address} stands for is not known (${failureOf(error).error})`);
      resetSocket(socket);
    }
  }

  #serve(clientKey: string, host: string, port: number, socket: Socket): void {
    void new OutboundConnection(this.#context, { clientKey, destination: { host, port } }, socket).serve();
  }

  async #lookup(clientKey: string, name: string): Promise<KnownName> {
    const snapshot = this.#snapshot;
    const client = snapshot?.inventory.workloads.get(clientKey);
    if (snapshot === undefined || client === undefined) return { kind: 'failed' };
    const answer = lookupName(snapshot.inventory, client, name);
    return answer.kind === 'by-name' ? { kind: 'addresses', addresses: [await this.#standIns.addressOf(name)] } : answer;
  }

  async #openProxy(plan: OutboundListenerPlan): Promise<Listener> {
    let clientKey = plan.workload;
    const handlers: ProxyHandlers = {
      credential: () => this.#credential(clientKey),
      onConnect: (socket, destination) => void new OutboundConnection(this.#context, { clientKey, destination }, socket).serve(),
      onRefused: (socket, error) => this.#failed(plan, socket, error),
    };
    const http = new HttpConnect(handlers);
    const listener = await listenTcp({
      ...placeOf(plan),
      onConnection: (socket) => serveProxyClient(socket, http, handlers),
      share: this.#options.share,
    });
    return {
      adopt: (next) => {
        clientKey = next.workload;
      },
      close: (drainMs) => listener.close(drainMs),
    };
  }

  enforce(snapshot: Snapshot): void {
    this.#snapshot = snapshot;
    this.#context.pool.rejudge();
  }

  problem(): string | undefined {
    const identities = this.#snapshot === undefined ? [] : identitiesOf(this.#snapshot);
    return gateProblem(identities, { credentials: this.#options.credentials, peers: this.#peers });
  }

  dispose(): void {
    this.#context.pool.close();
    this.#peers.close();
  }

  /** What a client of this listener must present; nobody may be a workload that the snapshot does not have. */
  #credential(clientKey: string) {
    try {
      const snapshot = this.#snapshot;
      return snapshot?.inventory.workloads.has(clientKey) === true ? snapshot.addresses.proxyCredential(clientKey) : undefined;
    } catch {
      return undefined;
    }
  }

  #failed({ address, port }: ListenerPlan, socket: Socket, error: string): void {
    this.#context.accessLog.failed(
      {
        direction: 'outbound',
        source: formatAuthority(socket.remoteAddress ?? 'unknown', socket.remotePort ?? 0),
        destination: formatAuthority(address, port),
      },
      error,
    );
  }
}

/** Those that are in the mesh. */
function identitiesOf(snapshot: Snapshot): string[] {
  return [...new Set(clients(snapshot).flatMap(({ capture, identity }) => (capture === 'captured' ? [identity] : [])))];
}

/** Everything that a command may run as: all workloads but the gates' own. */
function clients({ inventory }: Snapshot): Workload[] {
  return [...inventory.workloads.values()].filter(({ kind }) => kind !== 'Gateway');
}

function plansOf({ addresses }: Snapshot, workload: Workload): OutboundListenerPlan[] {
  const address = addresses.socketAddress(workload.address);
  if (address === undefined || !hasPlace(addresses, workload.key)) return [];
  const common = { ...namespaceOf(addresses, workload.key), workload: workload.key };
  const port = addresses.socketPort(socksPort);
  const proxy = { ...common, address, port, kind: 'proxy', purpose: 'SOCKS5 and HTTP CONNECT' } as const;
  if (addresses.namespaces === undefined) return [proxy];
  // Redirected connections come to the loopback address of their family.
  const loopbacks = workload.addresses.some((own) => own.includes(':')) ? ['127.0.0.1', '::1'] : ['127.0.0.1'];
  const captures = loopbacks.flatMap((loopback): OutboundListenerPlan[] => [
    { ...common, address: loopback, port: outboundPort, kind: 'capture', purpose: 'captured connections' },
    { ...common, address: loopback, port: dnsPort, kind: 'resolver', purpose: 'DNS' },
  ]);
  return [proxy, ...captures];
}
