import type { Duplex } from 'node:stream';
import { isPermit, type Permit, type Verdict } from '@sallyport/policy';
import { ConnectionJudgement, type ConnectionStages, type Published } from '../ext-authz/connection-judgement.js';
import type { ConsultationOptions } from '../ext-authz/consultation.js';
import type { LiveConnection } from '../gate.js';
import { pipeTunnel, type Tunnel } from '../hbone/pipe-tunnel.js';
import { describeFailure } from '../http/failure.js';
import type { AttachedFilter, NetworkFilter } from '../metadata/network-filter.js';
import type { JudgedConnection } from '../socket/connection-registry.js';
import type { ConnectionReport } from '../telemetry/connection-report.js';
import { describeDenial, policyChange } from '../telemetry/denial.js';
import { type Hop, hopHost } from './hop.js';
import type { ConnectionTargets } from './target-builder.js';

/** The client's side of a connection without HTTP. */
export interface TcpClient {
  /** Its byte stream; asked for once the onward connection is open. */
  open(): Duplex;
  /** Turns it away before that. */
  refuse(why: 'denied' | 'failed'): void;
  /** Whether it has gone away. */
  gone(): boolean;
}

/** What a connection without HTTP needs of its gate. */
export interface TcpConnectionOptions {
  readonly client: TcpClient;
  readonly report: ConnectionReport;
  /** Judges under the snapshot in force. */
  readonly stages: ConnectionStages;
  /** Who is asked what CUSTOM policies ask. */
  readonly authorizers: ConsultationOptions;
  readonly targets: () => ConnectionTargets;
  readonly dial: (permit: Permit, hop: Hop) => Promise<Duplex>;
  /** A verdict was given, on a message of the connection where there is a `subject`. */
  readonly decided: (verdict: Verdict, subject?: string) => void;
  /** What reads the connection as it passes and judges its messages, if anything does. */
  readonly filter: () => NetworkFilter | undefined;
  /** A message was refused, and the connection goes on. */
  readonly refused: (verdict: Verdict, subject: string) => void;
}

const nothing = { fromClient: 0, fromServer: 0 };

/** A connection without HTTP through an L7 gate: judged as a connection, then carried. */
export class TcpConnection implements JudgedConnection {
  #tunnel: Tunnel | undefined;
  #verdict: Verdict | undefined;
  #cutBy: string | undefined;
  readonly #judgement: ConnectionJudgement;
  readonly #filter: NetworkFilter | undefined;
  #attached: AttachedFilter | undefined;

  constructor(private readonly options: TcpConnectionOptions) {
    this.#judgement = new ConnectionJudgement(options.stages, options.authorizers);
    this.#filter = options.filter();
  }

  /** Serves the connection until it has ended; never rejects. */
  async serve(): Promise<void> {
    try {
      await this.#judgeAndCarry();
    } catch (error) {
      this.options.client.refuse('failed');
      this.options.report.end(nothing, { error: describeFailure(error), flags: 'CONNECT' });
    } finally {
      this.#judgement.close();
    }
  }

  rejudge(): void {
    if (this.#verdict === undefined || this.#cutBy !== undefined) {
      // It has not been judged yet, and will be under the snapshot that is then in force.
      return;
    }
    if (this.options.filter() !== this.#filter) {
      // What reads a connection has to read it from its beginning.
      this.cut(policyChange);
      return;
    }
    const standing = this.#judgement.again(() => this.rejudge(), this.#published());
    const verdict = standing !== undefined && isPermit(standing) ? (this.#attached?.rejudge() ?? standing) : standing;
    if (verdict !== undefined && isPermit(verdict)) {
      return;
    }
    if (verdict !== undefined) {
      this.options.decided(verdict);
      this.#verdict = verdict;
    }
    this.cut(policyChange);
  }

  describe(): LiveConnection {
    return this.options.report.live;
  }

  cut(reason: string): void {
    this.#cutBy ??= reason;
    if (this.#tunnel === undefined) {
      this.options.client.refuse('denied');
    } else {
      this.#tunnel.reset(new Error(reason));
    }
  }

  async #judgeAndCarry(): Promise<void> {
    const { options } = this;
    const verdict = await this.#judgement.first(this.#published());
    if (this.#cutBy !== undefined || options.client.gone()) {
      throw new Error(this.#cutBy ?? 'client closed the connection');
    }
    if (verdict === undefined) {
      throw new Error('nothing serves this connection');
    }
    options.decided(verdict);
    this.#verdict = verdict;
    if (!isPermit(verdict)) {
      options.client.refuse('denied');
      options.report.end(nothing, { error: describeDenial(verdict), flags: 'DENY', verdict });
      return;
    }
    await this.#carry(await this.#connect(verdict));
  }

  /** Opens the onward connection, to the first endpoint that takes it. */
  async #connect(permit: Permit): Promise<Duplex> {
    const { hops, detail, service } = this.options.targets();
    let failure: unknown = new Error(detail);
    if (service !== undefined) {
      this.options.report.refine({ service });
    }
    for (const hop of hops) {
      try {
        const stream = await this.options.dial(permit, hop);
        this.options.report.refine({ address: hopHost(hop), ...(hop.kind === 'passthrough' ? {} : { workload: hop.workload }) });
        return stream;
      } catch (error) {
        failure = error;
      }
      if (this.#cutBy !== undefined || this.options.client.gone()) {
        break;
      }
    }
    throw failure;
  }

  async #carry(upstream: Duplex): Promise<void> {
    // The snapshot may have changed, and the client gone, while the connection was being opened.
    if (this.#cutBy !== undefined || this.options.client.gone()) {
      upstream.destroy();
      this.options.client.refuse('denied');
      this.#ended(nothing, this.#cutBy ?? 'client closed the connection');
      return;
    }
    this.#tunnel = pipeTunnel(this.#filtered(this.options.client.open()), upstream);
    const outcome = await this.#tunnel.ended;
    this.#ended({ fromClient: outcome.bytesFromA, fromServer: outcome.bytesFromB }, this.#cutBy ?? outcome.error?.message);
  }

  #filtered(client: Duplex): Duplex {
    if (this.#filter === undefined) return client;
    const { name } = this.#filter;
    this.#attached = this.#filter.attach(client, {
      judge: (values) => this.#judgement.message(values === undefined ? this.#published() : { metadata: { [name]: values } }),
      decided: (verdict, subject) => {
        this.options.decided(verdict, subject);
        if (!isPermit(verdict)) this.options.refused(verdict, subject);
      },
    });
    return this.#attached.stream;
  }

  /** What is known of the connection as such: that its filter has yet to speak. */
  #published(): Published {
    return this.#filter === undefined ? {} : { awaited: [this.#filter.name] };
  }

  #ended(bytes: typeof nothing, error: string | undefined): void {
    const verdict = this.#verdict;
    const { report } = this.options;
    if (error === undefined) {
      report.end(bytes, undefined, verdict);
    } else {
      report.end(bytes, {
        error,
        flags: error === policyChange ? 'DENY' : 'CONNECT',
        ...(verdict === undefined ? {} : { verdict }),
      });
    }
  }
}
