import type { ServiceInfo, Verdict, Workload } from '@sallyport/policy';
import { clusterId } from './canonical.js';
import { verdictFields } from './denial.js';
import { formatLogLine, isLogged, type LogField, type LogFormat, type LogLevel, type LogThreshold } from './log-line.js';

/** One end of a connection, as logs and metrics name it. Addresses are policy addresses, `IP:PORT`. */
interface ConnectionEnd {
  readonly address: string;
  readonly workload?: Workload | undefined;
  readonly identity?: string | undefined;
}

/** A connection through a ztunnel, or through a waypoint's TCP port. */
export interface ConnectionInfo {
  readonly direction: 'inbound' | 'outbound';
  readonly source: ConnectionEnd;
  readonly destination: ConnectionEnd & {
    /** The CONNECT's authority. */
    readonly hboneAddress?: string | undefined;
    readonly service?: ServiceInfo | undefined;
  };
}

/** How a connection ended. */
export interface ConnectionEnding {
  readonly bytesSent: number;
  readonly bytesReceived: number;
  readonly durationMs: number;
  readonly error?: string;
  readonly verdict?: Verdict;
}

/** What an `AccessLog` needs. */
export interface AccessLogOptions {
  readonly log: (line: string) => void;
  readonly format?: LogFormat;
  /** At level debug, `connection opened` is written too. */
  readonly threshold?: LogThreshold | undefined;
  readonly now?: () => Date;
}

/** Writes the lines of scope `access`, fields and their order as in reference section 7.12. */
export class AccessLog {
  readonly #options: AccessLogOptions;

  constructor(options: AccessLogOptions) {
    this.#options = options;
  }

  /** A connection begins; written at level debug only. */
  opened(connection: ConnectionInfo): void {
    if (isLogged('debug', this.#options.threshold)) this.#write('debug', 'connection opened', connectionFields(connection));
  }

  /** A connection has ended: level info, or error with the field `error`. */
  completed(connection: ConnectionInfo, ending: ConnectionEnding): void {
    this.#write(ending.error === undefined ? 'info' : 'error', 'connection complete', [
      ...connectionFields(connection),
      { name: 'bytes_sent', value: ending.bytesSent },
      { name: 'bytes_recv', value: ending.bytesReceived },
      { name: 'duration', value: `${Math.round(ending.durationMs)}ms` },
      { name: 'error', value: ending.error },
      ...(ending.verdict === undefined ? [] : verdictFields(ending.verdict)),
    ]);
  }

  /** One message of a connection was refused; the connection goes on. */
  refused(connection: ConnectionInfo, verdict: Verdict, subject: string): void {
    this.#write('error', 'message refused', [
      ...connectionFields(connection),
      { name: 'subject', value: subject },
      ...verdictFields(verdict),
    ]);
  }

  /** A connection that ended before anything was known of it but its addresses. */
  failed(connection: Pick<ConnectionInfo, 'direction'> & { source: string; destination: string }, error: string): void {
    this.#write('warn', 'connection failed', [
      { name: 'src.addr', value: connection.source, bare: true },
      { name: 'dst.addr', value: connection.destination, bare: true },
      { name: 'direction', value: connection.direction },
      { name: 'error', value: error },
    ]);
  }

  #write(level: LogLevel, message: string, fields: readonly LogField[]): void {
    if (!isLogged(level, this.#options.threshold)) return;
    const time = (this.#options.now ?? (() => new Date()))();
    this.#options.log(formatLogLine({ time, level, scope: 'access', message, fields }, this.#options.format ?? 'text'));
  }
}

function connectionFields({ direction, source, destination }: ConnectionInfo): LogField[] {
  return [
    { name: 'src.addr', value: source.address, bare: true },
    { name: 'src.workload', value: source.workload?.name },
    { name: 'src.namespace', value: source.workload?.namespace },
    { name: 'src.identity', value: source.identity },
    { name: 'src.cluster', value: source.workload && clusterId },
    { name: 'dst.addr', value: destination.address, bare: true },
    { name: 'dst.hbone_addr', value: destination.hboneAddress, bare: true },
    { name: 'dst.service', value: destination.service?.hostname },
    { name: 'dst.workload', value: destination.workload?.name },
    { name: 'dst.namespace', value: destination.workload?.namespace },
    { name: 'dst.identity', value: destination.identity },
    { name: 'dst.cluster', value: destination.workload && clusterId },
    { name: 'direction', value: direction },
  ];
}
