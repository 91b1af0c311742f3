import type { Duplex } from 'node:stream';
import type { RequestVerdict } from '@sallyport/policy';
import type { AuthorizerCalls } from '../ext-authz/authorizer-calls.js';
import type { LiveConnection } from '../gate.js';
import type { SignatureVerifier } from '../jwt/verified-signatures.js';
import type { JudgedConnection } from '../socket/connection-registry.js';
import type { Tracer } from '../telemetry/tracing/tracer.js';
import type { WireProtocol } from './detect-protocol.js';
import type { Exchange, MessageProblem } from './exchange.js';
import type { HttpLimits } from './limits.js';
import { type RequestParties, RequestRecord } from './request-record.js';
import { RequestRun, type RunEnvironment } from './request-run.js';
import type { RequestScope } from './scope.js';
import { serveHttp } from './serve-connection.js';
import type { ConnectionOwner, ServedConnection } from './served-connection.js';
import { UpstreamPool } from './upstream-pool.js';

/** What an L7 gate knows and does about one client connection. */
export interface HttpConnectionOptions {
  readonly stream: Duplex;
  readonly scheme: 'http' | 'https';
  /** Where TLS has agreed on one. */
  readonly protocol?: WireProtocol;
  readonly parties: RequestParties;
  readonly limits: HttpLimits;
  readonly authorizers: Pick<AuthorizerCalls, 'ask'>;
  readonly tokens: SignatureVerifier;
  readonly tracer?: Tracer | undefined;
  readonly appendForwardedFor?: string;
  /** What applies to this connection under the snapshot in force; undefined where nothing serves it any more. */
  readonly scope: () => RequestScope | undefined;
  readonly decided: (verdict: RequestVerdict, record: RequestRecord) => void;
  readonly finished: (record: RequestRecord) => void;
}

/** A client connection at an L7 gate: its requests, and its onward connections, which end with it. */
export class HttpConnection implements ConnectionOwner, JudgedConnection {
  readonly scheme: 'http' | 'https';
  readonly #began = performance.now();
  readonly #runs = new Set<RequestRun>();
  readonly #pool: UpstreamPool;
  readonly #environment: RunEnvironment;
  readonly #served: ServedConnection;

  constructor(private readonly options: HttpConnectionOptions) {
    this.scheme = options.scheme;
    this.#pool = new UpstreamPool(options.limits);
    this.#environment = this.#environmentOf(options);
    options.stream.once('close', () => this.#pool.destroy());
    this.#served = serveHttp(options.stream, this, options.limits, options.protocol);
  }

  onExchange(exchange: Exchange): void {
    const run = new RequestRun(exchange, this.#environment);
    // Before it is judged, so that no change of policy can fall between its verdict and its place here.
    this.#runs.add(run);
    run.serve();
  }

  onMalformed(problem: MessageProblem): void {
    const attributes = { method: '-', path: '-', authority: '', headers: [], httpVersion: 1 } as const;
    const record = new RequestRecord({ attributes, hasBody: false, expectsContinue: false, problem }, this.options.parties);
    record.status = problem.status;
    record.fault('DPE', problem.detail);
    record.end();
    this.options.finished(record);
  }

  /** A new snapshot is in force: ends the requests that it denies; those that it allows do not notice. */
  rejudge(): void {
    this.#pool.retire();
    const scope = this.options.scope();
    if (scope === undefined) {
      this.cut('policy_change');
      return;
    }
    if (scope.draining === true) {
      this.drain();
    }
    for (const run of this.#runs) {
      run.rejudge();
    }
  }

  describe(): LiveConnection {
    const { downstreamRemote, downstreamLocal, identity, source, service } = this.options.parties;
    return {
      source: { address: downstreamRemote, ...(source && { workload: source.key }), ...(identity && { identity }) },
      destination: { address: downstreamLocal, ...(service && { service: service.hostname }) },
      ageMs: Math.round(performance.now() - this.#began),
      requests: this.#runs.size,
    };
  }

  /** Takes no further request. */
  drain(): void {
    this.#served.drain();
  }

  #environmentOf(options: HttpConnectionOptions): RunEnvironment {
    const { parties, limits, authorizers, tokens, tracer, appendForwardedFor, scope, decided } = options;
    return {
      parties,
      pool: this.#pool,
      limits,
      authorizers,
      tokens,
      ...(tracer === undefined ? {} : { tracer }),
      ...(appendForwardedFor === undefined ? {} : { appendForwardedFor }),
      scope,
      decided,
      finished: (record, run) => {
        this.#runs.delete(run);
        options.finished(record);
      },
    };
  }

  /** Ends the connection with everything on it. */
  cut(termination: string): void {
    for (const run of this.#runs) {
      run.cut(termination);
    }
    this.#served.destroy();
  }
}
