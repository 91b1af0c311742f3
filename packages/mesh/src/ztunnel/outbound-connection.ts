import { isIP, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Destination, Verdict, Workload } from '@sallyport/policy';
import type { LiveConnection, Snapshot } from '../gate.js';
import { failureOf } from '../hbone/hbone-error.js';
import type { HbonePool } from '../hbone/hbone-pool.js';
import { formatAuthority, innerHeaders, tunnelHeaders } from '../hbone/headers.js';
import { pipeTunnel, type Tunnel } from '../hbone/pipe-tunnel.js';
import { resolveChecked } from '../socket/checked-address.js';
import type { ConnectionRegistry, JudgedConnection } from '../socket/connection-registry.js';
import { dialTcp } from '../socket/dial-tcp.js';
import { GivingUp } from '../socket/giving-up.js';
import { namespaceOf } from '../socket/namespace-of.js';
import { resetAfterFirstBytes } from '../socket/reset-later.js';
import type { AccessLog, ConnectionInfo } from '../telemetry/access-log.js';
import { type ConnectionFailure, ConnectionReport } from '../telemetry/connection-report.js';
import type { DecisionLog } from '../telemetry/decision-log.js';
import { policyChange } from '../telemetry/denial.js';
import type { MeshMetrics } from '../telemetry/mesh-metrics.js';
import { ConnectionTrace } from '../telemetry/tracing/connection-trace.js';
import type { Tracer } from '../telemetry/tracing/tracer.js';
import { isSameGate, isStillPlanned, type OutboundPlan, planOutbound } from './outbound-plan.js';
import { hbonePort } from './ports.js';
import type { RoundRobin } from './round-robin.js';

/** What an outbound connection needs of its gate. */
export interface OutboundContext {
  /** In force now; undefined before the first one. */
  readonly snapshot: () => Snapshot | undefined;
  readonly pool: HbonePool;
  readonly turns: RoundRobin;
  readonly connections: ConnectionRegistry;
  readonly accessLog: AccessLog;
  readonly decisions: DecisionLog | undefined;
  readonly metrics: MeshMetrics;
  readonly tracer: Tracer | undefined;
}

/** Who connects, and where to. */
export interface OutboundRequest {
  readonly clientKey: string;
  readonly destination: Destination;
}

const connectTimeoutMs = 10_000;
const noBytes = { fromClient: 0, fromServer: 0 };

/** Made once: a reason of its own would be a stack trace each time. */
const givenUp = new Error('given up');

/**
 * One connection of a workload, which has been told that it is connected (reference section 7.10). What is refused, here or by the
 * other gate, is reset after the client's first bytes.
 */
export class OutboundConnection implements JudgedConnection {
  readonly #context: OutboundContext;
  readonly #request: OutboundRequest;
  readonly #socket: Socket;
  readonly #givingUp = new GivingUp();
  #plan: OutboundPlan = { kind: 'refused', detail: 'not planned yet', service: undefined };
  #client: Workload | undefined;
  /** The address outside the mesh that was dialled, if one was. */
  #outside: string | undefined;
  #failure: ConnectionFailure | undefined;
  #tunnel: Tunnel | undefined;
  #report: ConnectionReport | undefined;

  constructor(context: OutboundContext, request: OutboundRequest, socket: Socket) {
    this.#context = context;
    this.#request = request;
    this.#socket = socket;
  }

  /** Plans and serves it; resolves at its end, never rejects. */
  async serve(): Promise<void> {
    const ended = this.#context.connections.add(this);
    this.#socket.once('close', () => this.#giveUp());
    let report: ConnectionReport | undefined;
    try {
      const snapshot = this.#context.snapshot();
      if (snapshot === undefined) throw new Error('no snapshot is in force');
      report = this.#begin(snapshot);
      this.#report = report;
      await this.#carry(await this.#dial(snapshot, report), report);
    } catch (error) {
      this.#failure ??= failureOf(error);
      resetAfterFirstBytes(this.#socket);
      if (report === undefined) this.#notBegun(this.#failure.error);
      else report.end(noBytes, this.#failure);
    } finally {
      ended();
    }
  }

  rejudge(): void {
    const snapshot = this.#context.snapshot();
    if (snapshot === undefined || !this.#isStillRight(snapshot)) this.cut(policyChange);
  }

  describe(): LiveConnection | undefined {
    return this.#report?.live;
  }

  cut(reason: string): void {
    if (this.#failure !== undefined) return;
    this.#failure = { error: reason, flags: 'DENY' };
    if (this.#tunnel === undefined) resetAfterFirstBytes(this.#socket);
    else this.#tunnel.reset(new Error(reason));
    this.#giveUp();
  }

  /** Ends what is still being dialled; a tunnel that stands ends by itself. */
  #giveUp(): void {
    if (this.#tunnel === undefined) this.#givingUp.give();
  }

  /** Whether the same client would be connected in the same way now. */
  #isStillRight(snapshot: Snapshot): boolean {
    const client = snapshot.inventory.workloads.get(this.#request.clientKey);
    if (client === undefined || this.#client === undefined || !isSameGate(this.#client, client)) return false;
    if (this.#outside !== undefined && belongsToMesh(snapshot, this.#outside)) return false;
    return isStillPlanned(this.#plan, snapshot, client.key, this.#request.destination);
  }

  #begin(snapshot: Snapshot): ConnectionReport {
    const { clientKey, destination } = this.#request;
    this.#client = snapshot.inventory.workloads.get(clientKey);
    this.#plan = planOutbound(snapshot, clientKey, destination, this.#context.turns);
    const info = describe(snapshot, this.#request, this.#socket, this.#plan);
    const { accessLog, metrics, tracer } = this.#context;
    const trace = tracer && new ConnectionTrace(tracer, 'ztunnel-source', undefined);
    return new ConnectionReport(accessLog, metrics, info, trace);
  }

  #notBegun(error: string): void {
    const { remoteAddress = 'unknown', remotePort = 0 } = this.#socket;
    const { host, port } = this.#request.destination;
    const source = formatAuthority(remoteAddress, remotePort);
    this.#context.accessLog.failed({ direction: 'outbound', source, destination: formatAuthority(host, port) }, error);
  }

  async #carry(upstream: Duplex, report: ConnectionReport): Promise<void> {
    if (this.#failure !== undefined || this.#socket.destroyed) {
      upstream.destroy();
      throw givenUp;
    }
    this.#tunnel = pipeTunnel(this.#socket, upstream);
    const { bytesFromA, bytesFromB, error } = await this.#tunnel.ended;
    const failure = this.#failure ?? (error && failureOf(error));
    report.end({ fromClient: bytesFromA, fromServer: bytesFromB }, failure);
  }

  #dial(snapshot: Snapshot, report: ConnectionReport): Promise<Duplex> {
    const client = this.#client;
    if (client === undefined) throw new Error('workload is not known');
    const plan = this.#plan;
    switch (plan.kind) {
      case 'hbone':
        return this.#dialTunnel(snapshot, client, plan, report.trace?.parent);
      case 'plaintext':
        return this.#dialPlaintext(snapshot, client, plan);
      case 'passthrough':
        return this.#dialOutside(snapshot, plan);
      case 'refused':
        throw this.#refusal(plan.detail, plan.verdict, report);
      default:
        throw new Error(`unexpected plan ${JSON.stringify(plan satisfies never)}`);
    }
  }

  async #dialTunnel(
    snapshot: Snapshot,
    client: Workload,
    plan: Extract<OutboundPlan, { kind: 'hbone' }>,
    traceparent: string | undefined,
  ): Promise<Duplex> {
    const headers = tunnelHeaders({
      workload: client,
      sourceAddress: client.address,
      sourcePort: this.#socket.remotePort ?? 0,
      traceparent,
      ...(plan.service === undefined ? {} : { serviceHost: plan.service.hostname }),
    });
    const inner = plan.inner && { expectedIdentities: plan.inner, headers: innerHeaders(headers, client.network) };
    const { stream } = await this.#context.pool.connect({
      permit: plan.permit,
      identity: client.identity,
      address: plan.socketAddress,
      port: plan.socketPort,
      ...placeOf(snapshot, client, plan.socketAddress),
      expectedIdentities: plan.expected ?? [plan.workload.identity],
      authority: plan.authority,
      headers,
      inner,
      givingUp: this.#givingUp,
    });
    return stream;
  }

  #dialPlaintext(snapshot: Snapshot, client: Workload, plan: Extract<OutboundPlan, { kind: 'plaintext' }>): Promise<Socket> {
    return dialTcp({
      address: plan.socketAddress,
      port: plan.socketPort,
      ...placeOf(snapshot, client, plan.socketAddress),
      timeoutMs: connectTimeoutMs,
      givingUp: this.#givingUp,
    });
  }

  async #dialOutside(snapshot: Snapshot, plan: Extract<OutboundPlan, { kind: 'passthrough' }>): Promise<Socket> {
    const checked = await resolveChecked(plan.host, (address) => belongsToMesh(snapshot, address));
    let last: unknown;
    for (const address of checked) {
      this.#outside = address;
      try {
        return await dialTcp({ address, port: plan.port, timeoutMs: connectTimeoutMs, givingUp: this.#givingUp });
      } catch (error) {
        last = error;
      }
    }
    throw last;
  }

  #refusal(detail: string, verdict: Verdict | undefined, report: ConnectionReport): Error {
    if (verdict === undefined) return new Error(detail);
    const { metrics, decisions } = this.#context;
    metrics.decided('ztunnel-source', verdict);
    if (decisions?.wants(verdict)) decisions.write(verdict, report.connection);
    this.#failure = { error: detail, flags: 'DENY', verdict };
    return new Error(detail);
  }
}

/** An address of the mesh is never dialled as one of the outside: that would be a way past its gates. */
function belongsToMesh({ inventory, addresses }: Snapshot, address: string): boolean {
  return addresses.isGateAddress(address) || inventory.workloadByAddress.has(address) || inventory.serviceByAddress.has(address);
}

/** The workload's own address, of the family that it dials, so that the other side sees it; in the workload's own namespace, if any. */
function placeOf({ addresses }: Snapshot, client: Workload, dialled: string) {
  const own = client.addresses.map((address) => addresses.socketAddress(address));
  const localAddress = own.find((address) => address !== undefined && isIP(address) === isIP(dialled));
  if (localAddress === undefined) throw new Error(`\`${client.key}\` has no socket address to dial ${dialled} from`);
  return { localAddress, ...namespaceOf(addresses, client.key) };
}

/** Names a connection for log and metrics. */
function describe(snapshot: Snapshot, request: OutboundRequest, socket: Socket, plan: OutboundPlan): ConnectionInfo {
  const client = snapshot.inventory.workloads.get(request.clientKey);
  const peer = snapshot.addresses.policyAddress(socket.remoteAddress ?? 'unknown');
  return {
    direction: 'outbound',
    source: {
      address: formatAuthority(client?.address ?? peer, socket.remotePort ?? 0),
      workload: client,
      identity: client?.capture === 'captured' ? client.identity : undefined,
    },
    destination: destinationOf(request.destination, plan),
  };
}

function destinationOf({ host, port }: Destination, plan: OutboundPlan): ConnectionInfo['destination'] {
  switch (plan.kind) {
    case 'hbone':
      return {
        address: formatAuthority(plan.workload.address, hbonePort),
        hboneAddress: plan.authority,
        workload: plan.workload,
        identity: plan.workload.identity,
        service: plan.service,
      };
    case 'plaintext':
      return { address: formatAuthority(plan.workload.address, plan.port), workload: plan.workload, service: plan.service };
    default:
      return { address: formatAuthority(host, port), service: plan.service };
  }
}
