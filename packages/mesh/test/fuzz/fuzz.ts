import type { Coverage } from './coverage.js';
import type { FuzzTarget } from './fuzz-target.js';
import { mutate, randomFrom } from './mutate.js';

/** How long, from where, and by what light. */
export interface FuzzOptions {
  readonly seed: number;
  /** Asked between batches. */
  readonly goesOn: (runs: number) => boolean;
  /** Without it nothing that is found leads on. */
  readonly coverage?: Coverage;
  /** Inputs from earlier runs. */
  readonly earlier?: readonly Buffer[];
}

/** What came of it. */
export interface FuzzOutcome {
  readonly runs: number;
  /** Inputs that led to code which none before had reached, seeds included. */
  readonly corpus: readonly Buffer[];
  readonly failure?: { readonly input: Buffer; readonly error: unknown };
}

/** Asking what has run costs as much as many runs. */
const batchSize = 400;

/** Runs a target on its seeds and on what comes of them, until it fails or the time is over. */
export async function fuzz(target: FuzzTarget, { seed, goesOn, coverage, earlier = [] }: FuzzOptions): Promise<FuzzOutcome> {
  const random = randomFrom(seed);
  const words = target.words.map((word) => Buffer.from(word, 'latin1'));
  const corpus = [Buffer.alloc(0), ...(await target.seeds()), ...earlier];
  let runs = 0;
  let batch: readonly Buffer[] = corpus.slice();
  for (;;) {
    for (const input of batch) {
      const error = await failureOf(target, input);
      runs += 1;
      if (error !== undefined) return { runs, corpus, failure: { input: await smaller(target, input), error } };
    }
    if (coverage !== undefined && runs > batch.length && coverage.fresh(false) > 0) {
      corpus.push(...(await leading(target, batch, coverage)));
    }
    if (!goesOn(runs)) return { runs, corpus };
    batch = Array.from({ length: batchSize }, () => mutate(corpus, words, random));
  }
}

async function failureOf(target: FuzzTarget, input: Buffer): Promise<unknown> {
  try {
    await target.run(Buffer.from(input));
    return undefined;
  } catch (error) {
    return error ?? new Error('nothing was thrown');
  }
}

/** Those of a batch that reach what was never reached before, found by halves: asking costs more than running. */
async function leading(target: FuzzTarget, batch: readonly Buffer[], coverage: Coverage): Promise<Buffer[]> {
  const [only, ...others] = batch;
  for (const input of batch) await failureOf(target, input);
  if (only === undefined || coverage.fresh(others.length === 0) === 0) return [];
  if (others.length === 0) return [only];
  const half = batch.length >> 1;
  const first = await leading(target, batch.slice(0, half), coverage);
  return [...first, ...(await leading(target, batch.slice(half), coverage))];
}

/** The same failure, as long as leaving out a piece leaves it one. */
async function smaller(target: FuzzTarget, input: Buffer): Promise<Buffer> {
  let smallest = input;
  for (let piece = input.length >> 1; piece >= 1; piece >>= 1) {
    for (let at = 0; at < smallest.length; ) {
      const shorter = Buffer.concat([smallest.subarray(0, at), smallest.subarray(at + piece)]);
      if ((await failureOf(target, shorter)) === undefined) at += piece;
      else smallest = shorter;
    }
  }
  return smallest;
}
