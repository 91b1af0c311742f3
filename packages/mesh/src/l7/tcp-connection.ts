import type { Duplex } from 'node:stream';
import { isPermit, type Permit, type Verdict } from '@sallyport/policy';
import { pipeTunnel, type Tunnel } from '../hbone/pipe-tunnel.js';
import { describeFailure } from '../http/failure.js';
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
  /** Judges under the snapshot in force; undefined where nothing serves this connection any more. */
  readonly judge: () => Verdict | undefined;
  readonly targets: () => ConnectionTargets;
  readonly dial: (permit: Permit, hop: Hop) => Promise<Duplex>;
  readonly decided: (verdict: Verdict) => void;
}

const nothing = { fromClient: 0, fromServer: 0 };

/** A connection without HTTP through an L7 gate: judged as a connection, then carried. */
export class TcpConnection implements JudgedConnection {
  #tunnel: Tunnel | undefined;
  #verdict: Verdict | undefined;
  #cutBy: string | undefined;

  constructor(private readonly options: TcpConnectionOptions) {}

  /** Serves the connection until it has ended; never rejects. */
  async serve(): Promise<void> {
    try {
      await this.#judgeAndCarry();
    } catch (error) {
      this.options.client.refuse('failed');
      this.options.report.end(nothing, { error: describeFailure(error), flags: 'CONNECT' });
    }
  }

  rejudge(): void {
    const verdict = this.options.judge();
    if (verdict !== undefined && isPermit(verdict)) {
      return;
    }
    if (verdict !== undefined) {
      this.options.decided(verdict);
      this.#verdict = verdict;
    }
    this.cut(policyChange);
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
    const verdict = options.judge();
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
    this.#tunnel = pipeTunnel(this.options.client.open(), upstream);
    const outcome = await this.#tunnel.ended;
    this.#ended({ fromClient: outcome.bytesFromA, fromServer: outcome.bytesFromB }, this.#cutBy ?? outcome.error?.message);
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
