import {
  AggregatorRegistry,
  type MetricObjectWithValues,
  type MetricValue,
  type OpenMetricsContentType,
  Registry,
} from 'prom-client';

/** The metrics of one process, as they travel to another. */
export type MetricsData = readonly MetricObjectWithValues<MetricValue<string>>[];

/** What a registry holds now. */
export function readMetrics(registry: Pick<Registry, 'getMetricsAsJSON'>): Promise<MetricsData> {
  return registry.getMetricsAsJSON();
}

/**
 * One view of the metrics of several processes: the sum. What a process had counted stays in it when the process is gone, as far as it was
 * known; only what it had open is gone with it.
 */
export class MergedMetrics {
  readonly contentType = Registry.OPENMETRICS_CONTENT_TYPE;
  readonly #last = new Map<string, MetricsData>();
  #departed: MetricsData[] = [];

  /** `ask` has every process that is there tell its metrics, under a name that is its own for as long as it lives. */
  constructor(private readonly ask: () => Promise<ReadonlyMap<string, MetricsData>>) {}

  /** The text for a scrape. */
  async metrics(): Promise<string> {
    for (const [name, data] of await this.ask()) this.#last.set(name, data);
    if (this.#departed.length > 1) this.#departed = [await readMetrics(merge(this.#departed))];
    // One that does not answer now has not uncounted anything.
    return merge([...this.#departed, ...this.#last.values()]).metrics();
  }

  /** A process has ended. */
  departed(name: string): void {
    const counted = this.#last.get(name)?.filter(({ type }) => String(type) !== 'gauge');
    this.#last.delete(name);
    if (counted !== undefined) this.#departed.push(counted);
  }
}

function merge(all: readonly MetricsData[]): Registry<OpenMetricsContentType> {
  const named = all.map((data) => data.map((metric) => ({ ...metric, name: baseName(metric) })));
  const merged = AggregatorRegistry.aggregate<OpenMetricsContentType>(named);
  merged.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  return merged;
}

/** OpenMetrics writes the `_total` of a counter itself. */
function baseName({ name, type }: MetricsData[number]): string {
  return String(type) === 'counter' && name.endsWith('_total') ? name.slice(0, -'_total'.length) : name;
}
