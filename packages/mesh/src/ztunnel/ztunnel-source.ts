import type { Socket } from 'node:net';
import type { Workload } from '@sallyport/policy';
import type { Gate, GateOptions, Snapshot } from '../gate.js';
import { HbonePool } from '../hbone/hbone-pool.js';
import { formatAuthority } from '../hbone/headers.js';
import { acceptedTrustDomains } from '../identity/accepted-trust-domains.js';
import { ConnectionRegistry } from '../socket/connection-registry.js';
import type { Listener, ListenerPlan } from '../socket/listener-set.js';
import { type GateParts, SnapshotGate } from '../socket/snapshot-gate.js';
import { listenTcp } from '../socket/tcp-listener.js';
import { AccessLog } from '../telemetry/access-log.js';
import { MeshMetrics } from '../telemetry/mesh-metrics.js';
import { HttpConnect } from './http-connect.js';
import { OutboundConnection, type OutboundContext } from './outbound-connection.js';
import { socksPort } from './ports.js';
import type { ProxyHandlers } from './proxy-request.js';
import { RoundRobin } from './round-robin.js';
import { serveProxyClient } from './serve-proxy-client.js';

/**
 * Starts the source sides of the ztunnels of all workloads: SOCKS5 and HTTP CONNECT on port 15080 of a workload's socket address,
 * where presenting the workload's credential is what makes a client that workload (reference sections 7.3, 7.10). Workloads without a ztunnel
 * get the same listener and connect in plaintext. Rejects where a socket cannot be opened, naming it.
 */
export function startZtunnelSource(options: GateOptions): Promise<Gate> {
  return SnapshotGate.start(new ZtunnelSource(options), options.snapshot);
}

class ZtunnelSource implements GateParts<Snapshot, ListenerPlan> {
  readonly name = 'ztunnel-source';
  readonly kind = 'ztunnel-source';
  readonly connections = new ConnectionRegistry();
  readonly #options: GateOptions;
  readonly #context: OutboundContext;
  #snapshot: Snapshot | undefined;

  constructor(options: GateOptions) {
    this.#options = options;
    this.#context = {
      snapshot: () => this.#snapshot,
      pool: new HbonePool({
        credentials: options.credentials,
        trustDomains: () => (this.#snapshot === undefined ? [] : acceptedTrustDomains(this.#snapshot.inventory)),
      }),
      turns: new RoundRobin(),
      connections: this.connections,
      accessLog: new AccessLog({ log: options.log, format: options.logFormat ?? 'text' }),
      metrics: MeshMetrics.of(options.metrics),
    };
  }

  async derive(snapshot: Snapshot): Promise<Snapshot> {
    const identities = new Set(clients(snapshot).flatMap(({ capture, identity }) => (capture === 'captured' ? [identity] : [])));
    // A workload whose credentials cannot be had opens no tunnel; it keeps nobody else from being served.
    await Promise.allSettled([...identities].map((identity) => this.#options.credentials.fetch(identity)));
    return snapshot;
  }

  plans(snapshot: Snapshot): readonly ListenerPlan[] {
    return clients(snapshot).flatMap((workload) => {
      const address = snapshot.addresses.socketAddress(workload.address);
      const port = snapshot.addresses.socketPort(socksPort);
      return address === undefined ? [] : [{ address, port, purpose: 'SOCKS5 and HTTP CONNECT', workload: workload.key }];
    });
  }

  async open(plan: ListenerPlan): Promise<Listener> {
    let clientKey = plan.workload;
    const handlers: ProxyHandlers = {
      credential: () => this.#credential(clientKey),
      onConnect: (socket, destination) => void new OutboundConnection(this.#context, { clientKey, destination }, socket).serve(),
      onRefused: (socket, error) => this.#failed(plan, socket, error),
    };
    const http = new HttpConnect(handlers);
    const listener = await listenTcp({
      address: plan.address,
      port: plan.port,
      onConnection: (socket) => serveProxyClient(socket, http, handlers),
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
  }

  dispose(): void {
    this.#context.pool.close();
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

/** Everything that a command may run as: all workloads but the gates' own. */
function clients({ inventory }: Snapshot): Workload[] {
  return [...inventory.workloads.values()].filter(({ kind }) => kind !== 'Gateway');
}
