import type { MetricValue } from './registered-metric.js';

/** How values are spread over buckets, as a histogram shows it. */
export class Distribution {
  readonly #counts: Float64Array;
  #sum = 0;
  #count = 0;

  /** `bounds` ascend; a value belongs to the first bucket whose bound it does not exceed. */
  constructor(private readonly bounds: readonly number[]) {
    this.#counts = new Float64Array(bounds.length);
  }

  observe(value: number): void {
    this.#sum += value;
    this.#count += 1;
    for (let at = 0; at < this.bounds.length; at += 1) {
      if (value <= (this.bounds[at] as number)) {
        this.#counts[at] = (this.#counts[at] as number) + 1;
        return;
      }
    }
  }

  /** The lines of a histogram of this name with these labels. */
  values(name: string, labels: Readonly<Record<string, string>>): MetricValue[] {
    let below = 0;
    const lines = this.bounds.map((bound, at): MetricValue => {
      below += this.#counts[at] as number;
      return { labels: { le: bound, ...labels }, value: below, metricName: `${name}_bucket` };
    });
    return [
      ...lines,
      { labels: { le: '+Inf', ...labels }, value: this.#count, metricName: `${name}_bucket` },
      { labels, value: this.#sum, metricName: `${name}_sum` },
      { labels, value: this.#count, metricName: `${name}_count` },
    ];
  }
}
