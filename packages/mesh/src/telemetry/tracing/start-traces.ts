import type { Registry } from 'prom-client';
import { BoundedCounter } from '../bounded-counter.js';
import { OtlpExporter } from './otlp-exporter.js';
import { type Collector, OtlpHttp } from './otlp-http.js';
import { writeTraces } from './otlp-json.js';
import { Tracer } from './tracer.js';

/** What the traces of a gate process are started with. */
export interface TracesOptions extends Collector {
  /** The gate's name: `service.name`. */
  readonly service: string;
  /** Which share of the traces that begin here is exported, 0 to 1. */
  readonly ratio: number;
  readonly metrics: Registry;
  readonly log: (line: string) => void;
}

/** The traces of a gate process. */
export interface Traces {
  readonly tracer: Tracer;
  /** Delivers what waits, for up to `withinMs` milliseconds. */
  close(withinMs: number): Promise<void>;
}

/** Exports the spans of this process to a collector. Nothing of it ever holds up whoever ends a span. */
export function startTraces({ service, ratio, metrics, log, ...collector }: TracesOptions): Traces {
  const transport = new OtlpHttp(collector);
  const origin = {
    resource: { 'service.name': service, 'service.namespace': 'sallyport', 'service.instance.id': `${service}-${process.pid}` },
    scope: { name: 'sallyport', version: '0.1.0' },
  };
  const spans = new BoundedCounter({
    registry: metrics,
    name: 'sallyport_spans_total',
    help: 'Spans that were exported, and that were dropped as the collector did not take them',
    labels: ['outcome'],
  });
  const exporter = new OtlpExporter({
    deliver: (batch, signal) => transport.deliver(writeTraces(batch, origin), signal),
    exported: (count) => spans.add({ outcome: 'exported' }, count),
    dropped: (count) => spans.add({ outcome: 'dropped' }, count),
    log,
  });
  return {
    tracer: new Tracer({ ratio, export: (span) => exporter.add(span) }),
    close: async (withinMs) => {
      await exporter.close(withinMs);
      transport.close();
    },
  };
}
