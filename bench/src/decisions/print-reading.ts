import { ReadConnection, ReadRequest } from '@sallyport/policy';
import { mixes } from './mixes/index.js';
import { type Question, questionsOf } from './questions.js';
import { grouped } from './row.js';
import { percentile, timeDecisions } from './time-decisions.js';

const count = 40_000;

/** Prints what a gate spends once on each connection that it accepts and each request that it parses, before these are judged, and so is in no figure of the table. */
export function printReading(print: (line: string) => void): void {
  const connection = reading('allow-list', ({ connection }) => new ReadConnection(connection).sourceIp !== '');
  const request = reading('path-heavy API', ({ request }) => request !== undefined && new ReadRequest(request).path !== '');
  print(`\nreading a connection when it is accepted, once: ${connection}`);
  print(`reading a request before it is judged, once: ${request}`);
}

function reading(name: string, read: (question: Question) => boolean): string {
  const mix = mixes.find((each) => each.name === name);
  if (mix === undefined) throw new Error(`there is no mix \`${name}\``);
  const next = questionsOf(mix, 1000, 'never-repeating');
  const questions = Array.from({ length: count }, () => next());
  const { nanoseconds } = timeDecisions(questions, read, { milliseconds: 2000, minimum: count });
  const [half, most] = [0.5, 0.99].map((share) => Math.round(percentile(nanoseconds, share)));
  return `p50 ${grouped(half ?? 0)} ns, p99 ${grouped(most ?? 0)} ns`;
}
