import type { Registry } from 'prom-client';
import { registerMetric } from './registered-metric.js';
import { type Labels, SeriesMap } from './series-map.js';

/** Label sets that one counter keeps apart; those beyond share one. */
const mostSeries = 10_000;

/** What a counter is made of. */
export interface BoundedCounterOptions<Label extends string> {
  readonly registry: Registry;
  /** Ends in `_total`. */
  readonly name: string;
  readonly help: string;
  readonly labels: readonly Label[];
  readonly mostSeries?: number;
}

/** One series of a counter; whoever adds to it often may keep it. */
export interface Count<Label extends string> {
  readonly labels: Labels<Label>;
  value: number;
}

/** A counter whose number of label sets is bounded. Adding costs a look-up; what a scrape shows is made when it comes. */
export class BoundedCounter<Label extends string> {
  readonly #counts: SeriesMap<Label, Count<Label>>;

  constructor({ registry, name, help, labels, mostSeries: most = mostSeries }: BoundedCounterOptions<Label>) {
    this.#counts = new SeriesMap(labels, (own) => ({ labels: own, value: 0 }), most);
    const values = () => [...this.#counts.all()].map(({ labels: own, value }) => ({ labels: own, value }));
    registerMetric(registry, { name, help, type: 'counter', values });
  }

  /** Adds to the counter of these labels. */
  add(labels: Labels<Label>, amount = 1): void {
    this.of(labels).value += amount;
  }

  /** The series of these labels. */
  of(labels: Labels<Label>): Count<Label> {
    return this.#counts.of(labels);
  }
}
