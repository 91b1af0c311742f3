import { Counter, type Registry } from 'prom-client';

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

/**
 * A counter whose number of label sets is bounded, whatever connects: once there are too many, further ones are counted with
 * every label `unknown`, so that totals stay true and memory stays bounded.
 */
export class BoundedCounter<Label extends string> {
  readonly #counter: Counter<Label>;
  readonly #labels: readonly Label[];
  readonly #limit: number;
  readonly #seen = new Set<string>();

  constructor(options: BoundedCounterOptions<Label>) {
    const { registry, name, help, labels } = options;
    this.#counter = new Counter<Label>({ name, help, labelNames: [...labels], registers: [registry] });
    this.#labels = labels;
    this.#limit = options.mostSeries ?? mostSeries;
  }

  /** Adds to the counter of these labels. */
  add(labels: Readonly<Record<Label, string>>, amount = 1): void {
    this.#counter.inc(this.#admit(labels), amount);
  }

  #admit(labels: Readonly<Record<Label, string>>): Record<Label, string> {
    const key = JSON.stringify(this.#labels.map((label) => labels[label]));
    if (this.#seen.has(key) || this.#seen.size < this.#limit) {
      this.#seen.add(key);
      return labels;
    }
    return Object.fromEntries(this.#labels.map((label) => [label, 'unknown'])) as Record<Label, string>;
  }
}
