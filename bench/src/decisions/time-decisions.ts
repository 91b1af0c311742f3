import { performance } from 'node:perf_hooks';

/** How long each of a series of decisions took, in nanoseconds, and what each came to. */
export interface Timed {
  readonly nanoseconds: Float64Array;
  readonly allowed: Uint8Array;
}

/**
 * Times every decision by itself: the clock is read once between two of them, and what reading it costs (the median of reading it twice) is taken
 * off. Stops before all inputs are used if this process has had so much of a processor and at least `minimum` are done; on a busy machine that takes
 * longer than on an idle one, up to ten times.
 */
export function timeDecisions<Input>(
  inputs: readonly Input[],
  allows: (input: Input) => boolean,
  limits: { readonly milliseconds: number; readonly minimum: number },
): Timed {
  const nanoseconds = new Float64Array(inputs.length);
  const allowed = new Uint8Array(inputs.length);
  const cost = clockCost();
  const used = processorTime();
  const began = performance.now();
  let end = began + limits.milliseconds;
  let count = 0;
  let before = performance.now();
  for (const input of inputs) {
    allowed[count] = allows(input) ? 1 : 0;
    const now = performance.now();
    nanoseconds[count] = Math.max(0, (now - before) * 1e6 - cost);
    count += 1;
    if (now > end && count >= limits.minimum) {
      const left = limits.milliseconds - (processorTime() - used);
      if (left < 1 || now - began > limits.milliseconds * 10) break;
      end = now + left;
    }
    before = performance.now();
  }
  return { nanoseconds: nanoseconds.subarray(0, count), allowed: allowed.subarray(0, count) };
}

/** Milliseconds of a processor that this process has had so far. */
function processorTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** The median of reading the clock twice, in nanoseconds. */
function clockCost(): number {
  const samples = new Float64Array(10_001);
  for (let index = 0; index < samples.length; index += 1) {
    const before = performance.now();
    samples[index] = (performance.now() - before) * 1e6;
  }
  return percentile(samples, 0.5);
}

/** The value below which so large a share of the samples lies; sorts a copy. */
export function percentile(samples: Float64Array, share: number): number {
  if (samples.length === 0) throw new Error('nothing was measured');
  const sorted = samples.toSorted();
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}
