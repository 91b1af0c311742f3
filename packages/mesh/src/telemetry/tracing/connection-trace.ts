import type { ConnectionEnding, ConnectionInfo } from '../access-log.js';
import { type TraceContext, writeTraceparent } from './trace-context.js';
import type { Tracer } from './tracer.js';
import { bounded, verdictAttributes } from './verdict-attributes.js';

/** The span of one connection at a gate: below the one that its CONNECT names, and above those of the gates behind. */
export class ConnectionTrace {
  readonly #context: TraceContext;
  readonly #start = Date.now();

  constructor(
    private readonly tracer: Tracer,
    private readonly gate: string,
    traceparent: string | undefined,
  ) {
    this.#context = tracer.begin(traceparent);
  }

  /** For the tunnel to the next gate. */
  get traceparent(): string {
    return writeTraceparent(this.#context);
  }

  /** The connection has ended. */
  end({ direction, source, destination }: ConnectionInfo, ending: ConnectionEnding, flags: string): void {
    if (!this.#context.sampled) return;
    this.tracer.end({
      context: this.#context,
      name: 'connection',
      kind: direction === 'inbound' ? 'server' : 'client',
      start: this.#start,
      end: this.#start + ending.durationMs,
      attributes: {
        'network.transport': 'tcp',
        'source.address': bounded(source.address),
        'destination.address': bounded(destination.address),
        'sallyport.source.workload': source.workload?.key,
        'sallyport.source.identity': bounded(source.identity),
        'sallyport.destination.workload': destination.workload?.key,
        'sallyport.destination.identity': bounded(destination.identity),
        'sallyport.destination.service': destination.service?.hostname,
        'sallyport.destination.hbone_address': bounded(destination.hboneAddress),
        'sallyport.response_flags': flags,
        'sallyport.bytes_sent': ending.bytesSent,
        'sallyport.bytes_received': ending.bytesReceived,
        ...verdictAttributes(this.gate, ending.verdict),
      },
      ...(ending.error === undefined ? {} : { error: bounded(ending.error) ?? '' }),
    });
  }
}
