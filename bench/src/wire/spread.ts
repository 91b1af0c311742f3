/** A figure of several rounds: the one in the middle, and how far the others are from it. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** Throws where there is nothing, as a figure of nothing is no figure. */
export function spreadOf(values: readonly number[]): Spread {
  // Of an even number the middle lies between two.
  const median = (quantile(values, 0.5) + quantile(values, (values.length - 1) / 2 / values.length)) / 2;
  return { median, min: quantile(values, 0), max: quantile(values, 1) };
}

/** The value below which this share of the values lies; between two values the higher one. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const value = sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  if (value === undefined) throw new Error('nothing was measured');
  return value;
}
