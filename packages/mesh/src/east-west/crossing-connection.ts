import type { Socket } from 'node:net';
import type { CrossingTarget, Workload } from '@sallyport/policy';
import type { LiveConnection, Snapshot } from '../gate.js';
import { failureOf } from '../hbone/hbone-error.js';
import type { HboneRequest } from '../hbone/hbone-request.js';
import { pipeTunnel, type Tunnel } from '../hbone/pipe-tunnel.js';
import { hbonePort } from '../l7/hop.js';
import type { JudgedConnection } from '../socket/connection-registry.js';
import { dialTcp } from '../socket/dial-tcp.js';
import { GivingUp } from '../socket/giving-up.js';
import { namespaceOf } from '../socket/namespace-of.js';
import type { ConnectionFailure, ConnectionReport } from '../telemetry/connection-report.js';
import { policyChange } from '../telemetry/denial.js';
import { isSameGate } from '../ztunnel/outbound-plan.js';

/** Where a tunnel may go on to. */
type Onward = Extract<CrossingTarget, { readonly kind: 'gates' }>;

/** What an east-west gateway is under one snapshot. */
export interface EastWestState {
  readonly snapshot: Snapshot;
  /** The gateway's own workload. */
  readonly workload: Workload;
  /** Where its listener is, and where it dials from. */
  readonly socketAddress: string;
}

/** What a connection through an east-west gateway needs of it. */
export interface CrossingContext {
  /** In force now. */
  readonly state: () => EastWestState | undefined;
  /** What is made of the tunnel now. */
  readonly target: () => CrossingTarget;
}

const connectTimeoutMs = 10_000;
const noBytes = { fromClient: 0, fromServer: 0 };

/**
 * One tunnel through an east-west gateway: its bytes are a tunnel of their own, in TLS that ends at the gate that judges (reference section
 * 7.7). Looked at again with every snapshot, as where it leads depends on it.
 */
export class CrossingConnection implements JudgedConnection {
  readonly #context: CrossingContext;
  readonly #request: HboneRequest;
  readonly #report: ConnectionReport;
  readonly #givingUp = new GivingUp();
  #gate: Workload | undefined;
  #failure: ConnectionFailure | undefined;
  #tunnel: Tunnel | undefined;

  constructor(context: CrossingContext, request: HboneRequest, report: ConnectionReport) {
    this.#context = context;
    this.#request = request;
    this.#report = report;
  }

  /** Serves it to its end; never rejects. The target is what entitles to dial. */
  async serve(target: Onward, gate: Workload): Promise<void> {
    this.#gate = gate;
    this.#request.onClose(() => this.#giveUp());
    try {
      const upstream = await this.#dial(target, gate);
      if (this.#failure !== undefined || this.#request.gone) {
        upstream.destroy();
        throw new Error('given up');
      }
      this.#tunnel = pipeTunnel(this.#request.accept(), upstream);
      const { bytesFromA, bytesFromB, error } = await this.#tunnel.ended;
      this.#report.end({ fromClient: bytesFromA, fromServer: bytesFromB }, this.#failure ?? (error && failureOf(error)));
    } catch (error) {
      this.#failure ??= failureOf(error);
      this.#request.fail(503);
      this.#report.end(noBytes, this.#failure);
    }
  }

  rejudge(): void {
    const target = this.#context.target();
    const gate = target.kind === 'gates' ? target.gates.find(({ key }) => key === this.#gate?.key) : undefined;
    if (gate === undefined || this.#gate === undefined || !isSameGate(this.#gate, gate)) this.cut(policyChange);
  }

  describe(): LiveConnection {
    return this.#report.live;
  }

  cut(reason: string): void {
    if (this.#failure !== undefined) return;
    this.#failure = { error: reason, flags: 'DENY' };
    if (this.#tunnel === undefined) this.#request.refuse(503);
    this.#tunnel?.reset(new Error(reason));
    this.#giveUp();
  }

  /** Ends what is still being dialled; a tunnel that stands ends by itself. */
  #giveUp(): void {
    if (this.#tunnel === undefined) this.#givingUp.give();
  }

  async #dial({ gates }: Onward, gate: Workload): Promise<Socket> {
    const state = this.#context.state();
    // Checked at run time too: a value that came past the types must not open a socket.
    if (state === undefined || !gates.includes(gate)) throw new Error('no permit for this connection');
    const { addresses } = state.snapshot;
    const address = addresses.socketAddress(gate.address);
    if (address === undefined) throw new Error(`workload ${gate.key} has no socket address`);
    return dialTcp({
      address,
      port: addresses.socketPort(hbonePort),
      localAddress: state.socketAddress,
      ...namespaceOf(addresses, state.workload.key),
      timeoutMs: connectTimeoutMs,
      givingUp: this.#givingUp,
    });
  }
}
