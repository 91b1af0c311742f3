import { acceptAtEastWest, type CrossingTarget, type ServiceInfo, type Workload } from '@sallyport/policy';
import type { Gate, GateOptions, Snapshot } from '../gate.js';
import type { HboneRequest } from '../hbone/hbone-request.js';
import { type EarlyRefusal, HboneServer } from '../hbone/hbone-server.js';
import { formatAuthority, sourceHeader } from '../hbone/headers.js';
import { gateProblem } from '../identity/gate-problem.js';
import type { PeerJudge } from '../identity/peer-judge.js';
import { hbonePort } from '../l7/hop.js';
import { weightedChoice } from '../l7/weighted-choice.js';
import { ConnectionRegistry } from '../socket/connection-registry.js';
import { type Listener, type ListenerPlan, placeOf } from '../socket/listener-set.js';
import { namespaceOf } from '../socket/namespace-of.js';
import { type GateParts, SnapshotGate } from '../socket/snapshot-gate.js';
import { AccessLog, type ConnectionInfo } from '../telemetry/access-log.js';
import { ConnectionReport } from '../telemetry/connection-report.js';
import { judgePeers } from '../telemetry/judge-peers.js';
import { MeshMetrics } from '../telemetry/mesh-metrics.js';
import { RoundRobin } from '../ztunnel/round-robin.js';
import { CrossingConnection, type EastWestState } from './crossing-connection.js';

/** What an east-west gateway is started with. */
export interface EastWestOptions extends GateOptions {
  /** `NAMESPACE/NAME` of the Gateway. */
  readonly gateway: string;
}

type Crossing = Extract<CrossingTarget, { readonly kind: 'gates' }>;

interface EastWestPlan extends ListenerPlan {
  readonly identity: string;
}

/**
 * Starts an east-west gateway, the way into its network: it ends the outer HBONE of a tunnel as the Gateway's service account, and passes
 * the HBONE inside on unread to a waypoint or ztunnel of a global service, which ends and judges it (reference section 7.7).
 * Rejects where the snapshot has no such gateway or its socket cannot be opened.
 */
export async function startEastWest(options: EastWestOptions): Promise<Gate> {
  const { snapshot, gateway } = options;
  if (stateOf(snapshot, gateway) === undefined) throw new Error(`\`${gateway}\` is no east-west gateway of this mesh`);
  return SnapshotGate.start(new EastWestGateway(options), snapshot);
}

class EastWestGateway implements GateParts<EastWestState | undefined, EastWestPlan> {
  readonly name: string;
  readonly kind = 'east-west';
  readonly connections = new ConnectionRegistry();
  readonly #options: EastWestOptions;
  readonly #accessLog: AccessLog;
  readonly #metrics: MeshMetrics;
  readonly #peers: PeerJudge;
  readonly #servers = new Set<HboneServer>();
  readonly #turns = new RoundRobin();
  #state: EastWestState | undefined;

  constructor(options: EastWestOptions) {
    this.#options = options;
    this.name = `east-west ${options.gateway}`;
    this.#accessLog = new AccessLog({ log: options.log, format: options.logFormat ?? 'text', threshold: options.logThreshold });
    this.#metrics = MeshMetrics.of(options.metrics);
    this.#peers = judgePeers(() => (this.#state?.snapshot ?? options.snapshot).inventory, options);
  }

  /** A snapshot without this gateway is a state, too: nothing listens, and nothing is passed on. */
  async derive(snapshot: Snapshot): Promise<EastWestState | undefined> {
    const state = stateOf(snapshot, this.#options.gateway);
    // Without credentials it refuses every handshake, which is no reason to keep an older state in force.
    if (state !== undefined) await this.#options.credentials.fetch(state.workload.identity).catch(() => undefined);
    return state;
  }

  plans(state: EastWestState | undefined): readonly EastWestPlan[] {
    if (state === undefined) return [];
    const { workload, socketAddress, snapshot } = state;
    const { key, identity } = workload;
    const place = {
      address: socketAddress,
      port: snapshot.addresses.socketPort(hbonePort),
      ...namespaceOf(snapshot.addresses, key),
    };
    return [{ ...place, purpose: 'HBONE', workload: key, identity }];
  }

  async open(plan: EastWestPlan): Promise<Listener> {
    const server = await HboneServer.listen({
      ...placeOf(plan),
      identity: plan.identity,
      credentials: this.#options.credentials,
      peers: this.#peers,
      handler: (request) => this.#accept(request),
      onRefused: (refusal) => this.#failed(refusal),
    });
    this.#servers.add(server);
    return {
      close: (drainMs) => {
        this.#servers.delete(server);
        return server.close(drainMs);
      },
    };
  }

  enforce(state: EastWestState | undefined): void {
    this.#state = state;
    for (const server of this.#servers) {
      if (state !== undefined) server.setIdentity(state.workload.identity);
      server.rejudge();
    }
  }

  problem(): string | undefined {
    const identities = this.#state === undefined ? [] : [this.#state.workload.identity];
    return gateProblem(identities, { credentials: this.#options.credentials, peers: this.#peers });
  }

  dispose(): void {
    this.#peers.close();
  }

  async #accept(request: HboneRequest): Promise<void> {
    const target = this.#target(request);
    const gate = target.kind === 'gates' ? this.#choose(target) : undefined;
    if (target.kind === 'refused' || gate === undefined) {
      request.refuse(target.kind === 'refused' ? target.status : 503);
      this.#failed({ from: request.from, to: request.to, error: target.kind === 'refused' ? target.detail : 'no endpoint' });
      return;
    }
    const report = new ConnectionReport(this.#accessLog, this.#metrics, this.#describe(request, target.service, gate));
    const context = { state: () => this.#state, target: () => this.#target(request) };
    const connection = new CrossingConnection(context, request, report);
    const ended = this.connections.add(connection);
    await connection.serve(target, gate).finally(ended);
  }

  /** The waypoints of a service have their shares of new tunnels: one with none gets none, though it is the only one here. */
  #choose(target: Crossing): Workload | undefined {
    const { gates, weights } = target;
    if (weights === undefined) return this.#turns.pick(turnOf(target), gates);
    return weightedChoice(
      gates.map((gate, index) => ({ gate, weight: weights[index] ?? 0 })),
      Math.random,
    )?.gate;
  }

  /** What a tunnel is under the snapshot in force. Total. */
  #target({ authority, headers, peer }: HboneRequest): CrossingTarget {
    const { inventory } = this.#state?.snapshot ?? {};
    const gateway = inventory?.gateways.get(this.#options.gateway);
    if (inventory === undefined || gateway === undefined) return { kind: 'refused', status: 503, detail: 'no such gateway' };
    try {
      return acceptAtEastWest(inventory, gateway, { authority, identity: peer.identity.uri, judgedBy: headers[sourceHeader] });
    } catch (error) {
      return { kind: 'refused', status: 503, detail: error instanceof Error ? error.message : String(error) };
    }
  }

  #describe({ from, authority, peer }: HboneRequest, service: ServiceInfo, gate: Workload): ConnectionInfo {
    const address = this.#policyAddress(from.address);
    const client = this.#state?.snapshot.inventory.workloadByAddress.get(address);
    return {
      direction: 'inbound',
      source: {
        address: formatAuthority(address, from.port),
        ...(client === undefined ? {} : { workload: client }),
        identity: peer.identity.uri,
      },
      destination: {
        address: formatAuthority(gate.address, hbonePort),
        hboneAddress: authority,
        service,
        workload: gate,
        identity: gate.identity,
      },
    };
  }

  #failed({ from, to, error }: EarlyRefusal): void {
    const named = (end: typeof from): string => formatAuthority(this.#policyAddress(end.address), end.port);
    this.#accessLog.failed({ direction: 'inbound', source: named(from), destination: named(to) }, error);
  }

  #policyAddress(address: string): string {
    return this.#state?.snapshot.addresses.policyAddress(address) ?? address;
  }
}

function stateOf(snapshot: Snapshot, key: string): EastWestState | undefined {
  const gateway = snapshot.inventory.gateways.get(key);
  const socketAddress = gateway === undefined ? undefined : snapshot.addresses.socketAddress(gateway.workload.address);
  return gateway?.role !== 'east-west' || socketAddress === undefined
    ? undefined
    : { snapshot, workload: gateway.workload, socketAddress };
}

/** Endpoints of each service take turns, and are few enough to be named by the first. */
function turnOf({ service, gates }: Crossing): string {
  return `${service.key} ${gates[0]?.key}`;
}
