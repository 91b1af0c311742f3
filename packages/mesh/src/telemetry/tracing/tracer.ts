import type { Span } from './span.js';
import { childOf, newTrace, readTraceparent, type TraceContext } from './trace-context.js';

/** What a tracer is made of. */
export interface TracerOptions {
  /** Takes a span that is over. Never throws, and never waits. */
  readonly export: (span: Span) => void;
  /** Which share of the traces that begin here is exported, 0 to 1. Whoever began another one has chosen for it. */
  readonly ratio: number;
}

/** Begins the spans of a gate, and hands on those that are over and sampled. */
export class Tracer {
  readonly #options: TracerOptions;

  constructor(options: TracerOptions) {
    this.#options = options;
  }

  /** A span below the caller's, where it names one in `traceparent`, else the first of a trace. A `tracestate` belongs to its `traceparent`. */
  begin(traceparent: string | undefined, tracestate?: string): TraceContext {
    const parent = readTraceparent(traceparent);
    return parent === undefined ? this.#root() : childOf(parent, tracestate);
  }

  /** A span is over. */
  end(span: Span): void {
    if (span.context.sampled) this.#options.export(span);
  }

  #root(): TraceContext {
    const trace = newTrace();
    return { ...trace, sampled: isChosen(trace.traceId, this.#options.ratio) };
  }
}

/** By the trace's own random digits, so that no other dice are needed. */
function isChosen(traceId: string, ratio: number): boolean {
  return Number.parseInt(traceId.slice(-13), 16) < ratio * 2 ** 52;
}
