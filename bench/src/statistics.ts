/** What a series of measurements says, in the unit of its samples. */
export interface Summary {
  readonly samples: number;
  readonly mean: number;
  readonly p50: number;
  readonly p99: number;
  readonly min: number;
  readonly max: number;
  /** Half the distance between the 10th and the 90th percentile, relative to the median: how much to trust the figure. */
  readonly spread: number;
}

/** Sums up a series; throws where it is empty, as a figure of nothing is no figure. */
export function summarize(samples: readonly number[]): Summary {
  if (samples.length === 0) throw new Error('nothing was measured');
  const sorted = [...samples].sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
  const p50 = at(0.5);
  return {
    samples: sorted.length,
    mean: sorted.reduce((sum, sample) => sum + sample, 0) / sorted.length,
    p50,
    p99: at(0.99),
    min: at(0),
    max: at(1),
    spread: p50 === 0 ? 0 : (at(0.9) - at(0.1)) / 2 / p50,
  };
}
