import { ReadRequest, type RequestAttributes } from '@sallyport/policy';
import { mixes } from './mixes/index.js';
import { questionsOf } from './questions.js';
import { grouped } from './row.js';
import { percentile, timeDecisions } from './time-decisions.js';

const count = 40_000;

/** Prints what a gate spends once on each request that it parses, before it is judged, and so is in no figure of the table. */
export function printReading(print: (line: string) => void): void {
  const mix = mixes.find(({ name }) => name === 'path-heavy API');
  if (mix === undefined) throw new Error('there is no mix of paths');
  const next = questionsOf(mix, 1000, 'never-repeating');
  const requests = Array.from({ length: count }, () => next().request).filter((request) => request !== undefined);
  const read = (request: RequestAttributes) => new ReadRequest(request).path !== '';
  const { nanoseconds } = timeDecisions(requests, read, { milliseconds: 2000, minimum: count });
  const [half, most] = [0.5, 0.99].map((share) => Math.round(percentile(nanoseconds, share)));
  print(`\nreading a request before it is judged, once: p50 ${grouped(half ?? 0)} ns, p99 ${grouped(most ?? 0)} ns`);
}
