import type { Metric, Registry } from 'prom-client';

/** One line of a metric. */
export interface MetricValue {
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
  /** Where the line is not named as the metric is. */
  readonly metricName?: string;
}

/** A metric whose values are kept elsewhere, and put together only when someone asks. */
export interface MetricSource {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  values(): MetricValue[];
}

/** Shows a metric in a registry, in the form that the registry's own classes have; several processes' are summed. */
export function registerMetric(registry: Registry, { name, help, type, values }: MetricSource): void {
  const metric = {
    // The registry takes `_total` off a counter's name before it writes OpenMetrics, which puts it back.
    name,
    help,
    type,
    aggregator: 'sum',
    get: () => Promise.resolve({ name: metric.name, help, type, aggregator: 'sum', values: values() }),
  };
  registry.registerMetric(metric as unknown as Metric);
}
