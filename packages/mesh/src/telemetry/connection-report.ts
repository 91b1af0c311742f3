import type { Verdict } from '@sallyport/policy';
import type { LiveConnection } from '../gate.js';
import type { AccessLog, ConnectionInfo } from './access-log.js';
import type { MeshMetrics } from './mesh-metrics.js';
import type { ResponseFlags } from './response-flags.js';
import type { ConnectionTrace } from './tracing/connection-trace.js';
import type { TraceHeaders } from './tracing/trace-context.js';

/** Why a connection ended otherwise than in order. */
export interface ConnectionFailure {
  readonly error: string;
  readonly flags: ResponseFlags;
  readonly verdict?: Verdict;
}

/** Bytes of the application's connection, by who sent them. */
export interface ConnectionBytes {
  readonly fromClient: number;
  readonly fromServer: number;
}

/** One connection's line in the log, its part in the metrics and its span; ends once, however often it is told to. */
export class ConnectionReport {
  readonly #accessLog: AccessLog;
  readonly #metrics: MeshMetrics;
  readonly #began = performance.now();
  readonly #trace: ConnectionTrace | undefined;
  #connection: ConnectionInfo;
  #ended = false;

  constructor(accessLog: AccessLog, metrics: MeshMetrics, connection: ConnectionInfo, trace?: ConnectionTrace) {
    this.#accessLog = accessLog;
    this.#metrics = metrics;
    this.#connection = connection;
    this.#trace = trace;
    accessLog.opened(connection);
    metrics.connectionOpened(connection);
  }

  /** As it is shown while it is open. */
  get live(): LiveConnection {
    const { source, destination } = this.#connection;
    return {
      source: liveEnd(source),
      destination: { ...liveEnd(destination), ...(destination.service && { service: destination.service.hostname }) },
      ageMs: Math.round(performance.now() - this.#began),
    };
  }

  /** What the next gate is told of the trace, and an authorizer; undefined where there is none. */
  get trace(): TraceHeaders | undefined {
    return this.#trace && { parent: this.#trace.traceparent };
  }

  /** As it is known so far. */
  get connection(): ConnectionInfo {
    return this.#connection;
  }

  /** Adds what became known after the beginning, the endpoint that was chosen for instance. */
  refine(destination: Partial<ConnectionInfo['destination']>): void {
    this.#connection = { ...this.#connection, destination: { ...this.#connection.destination, ...destination } };
  }

  /** One message of the connection was refused. */
  refused(verdict: Verdict, subject: string): void {
    this.#accessLog.refused(this.#connection, verdict, subject);
  }

  /** The connection has ended; `verdict` of a connection in order adds what AUDIT and dry-run policies said. */
  end(bytes: ConnectionBytes, failure?: ConnectionFailure, verdict?: Verdict): void {
    if (this.#ended) return;
    this.#ended = true;
    const inbound = this.#connection.direction === 'inbound';
    const judged = failure?.verdict ?? verdict;
    const ending = {
      bytesSent: inbound ? bytes.fromServer : bytes.fromClient,
      bytesReceived: inbound ? bytes.fromClient : bytes.fromServer,
      durationMs: performance.now() - this.#began,
      ...(failure === undefined ? {} : { error: failure.error }),
      ...(judged === undefined ? {} : { verdict: judged }),
    };
    const flags = failure?.flags ?? '-';
    this.#accessLog.completed(this.#connection, ending);
    this.#metrics.connectionClosed(this.#connection, flags, bytes);
    this.#trace?.end(this.#connection, ending, flags);
  }
}

function liveEnd({ address, workload, identity }: ConnectionInfo['source']) {
  return { address, ...(workload && { workload: workload.key }), ...(identity && { identity }) };
}
