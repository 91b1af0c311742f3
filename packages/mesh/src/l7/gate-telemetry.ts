import type { Verdict } from '@sallyport/policy';
import type { GateOptions } from '../gate.js';
import { formatRequest } from '../http/request-log.js';
import { RequestMetrics } from '../http/request-metrics.js';
import type { RequestRecord } from '../http/request-record.js';
import { AccessLog, type ConnectionInfo } from '../telemetry/access-log.js';
import { ConnectionReport } from '../telemetry/connection-report.js';
import type { LogFormat } from '../telemetry/log-line.js';
import { MeshMetrics } from '../telemetry/mesh-metrics.js';

/** The logs and metrics of one L7 gate: a line for each request, one for each connection without HTTP. */
export class GateTelemetry {
  readonly connections: AccessLog;
  readonly #mesh: MeshMetrics;
  readonly #requests: RequestMetrics;
  readonly #format: LogFormat;

  constructor(
    private readonly kind: 'waypoint' | 'gateway',
    private readonly options: Pick<GateOptions, 'log' | 'logFormat' | 'metrics'>,
  ) {
    this.#format = options.logFormat ?? 'text';
    this.connections = new AccessLog({ log: options.log, format: this.#format });
    this.#mesh = MeshMetrics.of(options.metrics);
    this.#requests = RequestMetrics.of(options.metrics);
  }

  /** A verdict was given. */
  decided(verdict: Verdict): void {
    this.#mesh.decided(this.kind, verdict);
  }

  /** A request is over. */
  finished(record: RequestRecord): void {
    this.options.log(formatRequest(record, this.#format));
    this.#requests.record(this.kind === 'waypoint' ? 'waypoint' : 'source', record);
  }

  /** A connection without HTTP begins. */
  report(connection: ConnectionInfo): ConnectionReport {
    return new ConnectionReport(this.connections, this.#mesh, connection);
  }
}
