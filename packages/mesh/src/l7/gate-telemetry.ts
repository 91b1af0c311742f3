import type { Verdict } from '@sallyport/policy';
import type { GateOptions, Snapshot } from '../gate.js';
import { formatRequest } from '../http/request-log.js';
import { RequestMetrics } from '../http/request-metrics.js';
import type { RequestRecord } from '../http/request-record.js';
import { requestSpan } from '../http/request-span.js';
import { AccessLog, type ConnectionInfo } from '../telemetry/access-log.js';
import { ConnectionReport } from '../telemetry/connection-report.js';
import { DecisionLog, type DecisionSubject } from '../telemetry/decision-log.js';
import { isLogged, type LogFormat } from '../telemetry/log-line.js';
import { MeshMetrics } from '../telemetry/mesh-metrics.js';
import { ConnectionTrace } from '../telemetry/tracing/connection-trace.js';

/** The logs, metrics and traces of one L7 gate: a line and a span for each request, and for each connection without HTTP. */
export class GateTelemetry {
  readonly connections: AccessLog;
  readonly #mesh: MeshMetrics;
  readonly #requests: RequestMetrics;
  readonly #decisions: DecisionLog | undefined;
  readonly #format: LogFormat;

  constructor(
    private readonly kind: 'waypoint' | 'gateway',
    private readonly options: Pick<GateOptions, 'log' | 'logFormat' | 'logThreshold' | 'decisions' | 'metrics' | 'tracer'> & {
      readonly gateway: string;
    },
    snapshot: () => Snapshot | undefined,
  ) {
    this.#format = options.logFormat ?? 'text';
    this.connections = new AccessLog({ log: options.log, format: this.#format, threshold: options.logThreshold });
    this.#mesh = MeshMetrics.of(options.metrics);
    this.#requests = RequestMetrics.of(options.metrics);
    this.#decisions = options.decisions && new DecisionLog({ gate: this.#name, sink: options.decisions, snapshot });
  }

  /** A verdict was given on a request. */
  decidedRequest(verdict: Verdict, record: RequestRecord): void {
    this.#mesh.decided(this.kind, verdict);
    if (this.#decisions?.wants(verdict)) this.#decisions.write(verdict, requestSubject(record));
  }

  /** A verdict was given on a connection without HTTP, or on a message of one. */
  decided(verdict: Verdict, { connection }: ConnectionReport, message?: string): void {
    this.#mesh.decided(this.kind, verdict);
    if (this.#decisions?.wants(verdict)) {
      this.#decisions.write(verdict, message === undefined ? connection : { ...connection, message });
    }
  }

  /** A request is over. */
  finished(record: RequestRecord): void {
    if (isLogged('info', this.options.logThreshold)) this.options.log(formatRequest(record, this.#format));
    this.#requests.record(this.kind === 'waypoint' ? 'waypoint' : 'source', record);
    const { tracer } = this.options;
    if (tracer === undefined) return;
    const trace = record.traced(tracer);
    if (trace.sampled) tracer.end(requestSpan(this.#name, record, trace));
  }

  /** A connection without HTTP begins; `traceparent` is what came with it. */
  report(connection: ConnectionInfo, traceparent?: string): ConnectionReport {
    const { tracer } = this.options;
    const trace = tracer && new ConnectionTrace(tracer, this.#name, traceparent);
    return new ConnectionReport(this.connections, this.#mesh, connection, trace);
  }

  get #name(): string {
    return `${this.kind} ${this.options.gateway}`;
  }
}

/** A request as the decision log names it; `record.path` is without a token that was taken out of it. */
function requestSubject({ parties, destination, head, path }: RequestRecord): DecisionSubject {
  const { downstreamRemote, downstreamLocal, identity, source } = parties;
  const service = destination?.service ?? parties.service;
  const { method, authority } = head.attributes;
  return {
    source: {
      address: downstreamRemote,
      ...(source === undefined ? {} : { workload: source }),
      ...(identity === undefined ? {} : { identity }),
    },
    destination: {
      address: downstreamLocal,
      ...(service === undefined ? {} : { service }),
      ...(destination?.workload === undefined ? {} : { workload: destination.workload }),
    },
    request: { method, authority, path },
  };
}
