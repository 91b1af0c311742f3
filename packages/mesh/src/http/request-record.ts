import type { ServiceInfo, Verdict, Workload } from '@sallyport/policy';
import type { TraceContext } from '../telemetry/tracing/trace-context.js';
import type { Tracer } from '../telemetry/tracing/tracer.js';
import type { RequestHead } from './exchange.js';
import { firstHeader, headerValues } from './header-list.js';

/** Who is at the two ends, as logs and metrics name them. Addresses are policy addresses, `IP:PORT`. */
export interface RequestParties {
  readonly downstreamRemote: string;
  readonly downstreamLocal: string;
  readonly identity?: string;
  readonly source?: Workload;
  /** What the client addressed, where that is known before a route is chosen. */
  readonly service?: ServiceInfo;
  readonly sni?: string;
}

/** Where a request went. */
export interface RequestDestination {
  readonly service?: ServiceInfo;
  readonly workload?: Workload;
  /** Envoy's name for the group of endpoints. */
  readonly cluster: string;
  /** The endpoint's policy address, `IP:PORT`. */
  readonly host: string;
  readonly routeName?: string;
}

/** What became of one request: filled while it runs, read once when it is over. */
export class RequestRecord {
  readonly startTime = new Date();
  readonly #began = performance.now();
  status = 0;
  /** Envoy's response flags; `-` for none. */
  flags = '-';
  /** Envoy's response code details. */
  details = '-';
  termination = '-';
  /** How the onward connection failed. */
  failure = '-';
  bytesReceived = 0;
  bytesSent = 0;
  grpcStatus = '';
  /** The path for the log: as it was sent, or without the token that was taken out of it. */
  path: string;
  requestId = '';
  forwardedFor: string | undefined;
  verdict: Verdict | undefined;
  destination: RequestDestination | undefined;
  #trace: TraceContext | undefined;
  #sent: number | undefined;
  #answered: number | undefined;
  #duration: number | undefined;

  constructor(
    readonly head: RequestHead,
    readonly parties: RequestParties,
  ) {
    this.path = head.attributes.path;
    this.requestId = firstHeader(head.attributes.headers, 'x-request-id') ?? '';
    this.forwardedFor = firstHeader(head.attributes.headers, 'x-forwarded-for');
  }

  /** Its place in a trace: below the client's span, where the client names one. */
  traced(tracer: Tracer): TraceContext {
    const { headers } = this.head.attributes;
    // Several are as good as none.
    this.#trace ??= tracer.begin(
      headerValues(headers, 'traceparent').join(),
      headerValues(headers, 'tracestate').join() || undefined,
    );
    return this.#trace;
  }

  /** Milliseconds from the request's head to the end. */
  get durationMs(): number {
    return this.#duration ?? performance.now() - this.#began;
  }

  /** Milliseconds that the application took for the head of its response; undefined where it gave none. */
  get serviceTimeMs(): number | undefined {
    return this.#sent === undefined || this.#answered === undefined ? undefined : this.#answered - this.#sent;
  }

  forwarded(): void {
    this.#sent = performance.now();
  }

  answered(): void {
    this.#answered = performance.now();
  }

  /** Notes an end that was not the application's; the first one counts. */
  fault(flags: string, details: string): void {
    if (this.flags === '-') {
      this.flags = flags;
      this.details = details;
    }
  }

  end(): void {
    this.#duration = performance.now() - this.#began;
  }
}
