import { type Authorization, isPermit, type Permit, type Verdict } from '@sallyport/policy';
import { ConnectionJudgement } from '../ext-authz/connection-judgement.js';
import type { ConsultationOptions } from '../ext-authz/consultation.js';
import type { LiveConnection } from '../gate.js';
import { failureOf } from '../hbone/hbone-error.js';
import { pipeTunnel, type Tunnel } from '../hbone/pipe-tunnel.js';
import type { ConnectionRegistry, JudgedConnection } from '../socket/connection-registry.js';
import { GivingUp } from '../socket/giving-up.js';
import type { Endpoint } from '../socket/proxy-header.js';
import { writeProxyHeader } from '../socket/write-proxy-header.js';
import type { ConnectionFailure, ConnectionReport } from '../telemetry/connection-report.js';
import { describeDenial, policyChange } from '../telemetry/denial.js';
import { dialApplication } from './dial-application.js';
import type { InboundClient } from './inbound-client.js';
import type { InboundDestination, InboundSubject, ZtunnelJudge } from './ztunnel-judge.js';

type ServedDestination = Extract<InboundDestination, { readonly kind: 'workload' }>;

/** What an inbound connection needs of its gate. */
export interface InboundContext {
  /** Of the snapshot in force now. */
  readonly judge: () => ZtunnelJudge;
  readonly connections: ConnectionRegistry;
  /** Who is asked what CUSTOM policies ask. */
  readonly authorizers: ConsultationOptions;
  /** Counts a verdict. */
  readonly decided: (verdict: Verdict) => void;
}

const noBytes = { fromClient: 0, fromServer: 0 };

/** Made once: a reason of its own would be a stack trace each time. */
const givenUp = new Error('given up');

/**
 * One connection to a workload, from the first verdict to its end (reference sections 7.5 steps 6 to 8, 7.6, 7.8). It is judged by the
 * snapshot in force when it begins and again by every later one, also while the application is being dialled.
 */
export class InboundConnection implements JudgedConnection {
  readonly #context: InboundContext;
  readonly #subject: InboundSubject;
  readonly #client: InboundClient;
  readonly #report: ConnectionReport;
  readonly #givingUp = new GivingUp();
  #failure: ConnectionFailure | undefined;
  #tunnel: Tunnel | undefined;
  #port = 0;
  #judged = false;
  readonly #judgement: ConnectionJudgement;

  constructor(context: InboundContext, subject: InboundSubject, client: InboundClient, report: ConnectionReport) {
    this.#context = context;
    this.#subject = subject;
    this.#client = client;
    this.#report = report;
    const stages = {
      authorize: () => context.judge().authorize(subject, this.#port),
      verdict: (authorization: Authorization) => context.judge().verdict(subject, this.#port, authorization),
    };
    this.#judgement = new ConnectionJudgement(stages, { ...context.authorizers, trace: () => report.trace });
  }

  /** Judges and serves it; resolves at its end, never rejects. */
  async serve(destination: ServedDestination): Promise<void> {
    this.#port = destination.port;
    const ended = this.#context.connections.add(this);
    try {
      const first = this.#judgement.first();
      const verdict = first instanceof Promise ? await first : first;
      if (this.#failure !== undefined || this.#client.gone) throw givenUp;
      if (verdict === undefined) throw new Error('the connection cannot be judged');
      this.#judged = true;
      this.#context.decided(verdict);
      if (isPermit(verdict)) await this.#admit(verdict, destination);
      else this.#refuse(401, { error: describeDenial(verdict), flags: 'DENY', verdict });
    } catch (error) {
      this.#refuse(503, { error: error instanceof Error ? error.message : String(error), flags: 'CONNECT' });
    } finally {
      this.#judgement.close();
      ended();
    }
  }

  rejudge(): void {
    if (this.#failure !== undefined) return;
    const judge = this.#context.judge();
    const destination = judge.destination(this.#subject);
    if (destination.kind === 'refused' || destination.port !== this.#port) {
      this.cut(policyChange);
      return;
    }
    // What is still waiting for an authorizer will be judged under the snapshot that is then in force.
    if (!this.#judged) return;
    const verdict = this.#judgement.again(() => this.rejudge());
    if (verdict !== undefined && isPermit(verdict)) return;
    if (verdict !== undefined) this.#context.decided(verdict);
    this.#cut({ error: policyChange, flags: 'DENY', ...(verdict === undefined ? {} : { verdict }) });
  }

  describe(): LiveConnection {
    return this.#report.live;
  }

  cut(reason: string): void {
    this.#cut({ error: reason, flags: 'DENY' });
  }

  #cut(failure: ConnectionFailure): void {
    if (this.#failure !== undefined) return;
    this.#failure = failure;
    if (this.#tunnel === undefined) this.#client.refuse(401);
    this.#tunnel?.reset(new Error(failure.error));
    this.#giveUp();
  }

  /** Ends what is still being dialled; a tunnel that stands ends by itself. */
  #giveUp(): void {
    if (this.#tunnel === undefined) this.#givingUp.give();
  }

  async #admit(permit: Permit, { workload, port, proxied }: ServedDestination): Promise<void> {
    this.#client.onClose(() => this.#giveUp());
    const { addresses } = this.#context.judge().snapshot;
    const target = { workload, port, peerAddress: this.#subject.peerAddress, byLoopback: proxied !== undefined };
    const upstream = await dialApplication(permit, addresses, target, this.#givingUp);
    // A snapshot that denies it, or the client's end, may have come in the meantime.
    if (this.#failure !== undefined || this.#client.gone) {
      upstream.destroy();
      throw givenUp;
    }
    if (proxied !== undefined) upstream.write(this.#proxyHeader(proxied));
    this.#tunnel = pipeTunnel(this.#client.accept(workload), upstream);
    const { bytesFromA, bytesFromB, error } = await this.#tunnel.ended;
    const failure = this.#failure ?? (error && failureOf(error));
    this.#report.end({ fromClient: bytesFromA, fromServer: bytesFromB }, failure, permit);
  }

  #proxyHeader(destination: Endpoint): Buffer {
    const { identity, peerPort } = this.#subject;
    const source = { address: this.#context.judge().sourceAddress(this.#subject), port: peerPort };
    return writeProxyHeader({ source, destination, ...(identity === undefined ? {} : { identity }) });
  }

  #refuse(status: number, failure: ConnectionFailure): void {
    this.#failure ??= failure;
    this.#client.refuse(status);
    this.#report.end(noBytes, this.#failure);
  }
}
