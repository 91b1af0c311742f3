import { performance } from 'node:perf_hooks';
import { collectGarbage, heldBytes } from '../memory.js';
import type { Decider, Engine, EngineName, PrepareEngine } from './engines/engine.js';
import { withEngine } from './engines/index.js';
import type { Traffic } from './mixes/chance.js';
import { mixes } from './mixes/index.js';
import type { Mix } from './mixes/mix.js';
import { type Question, questionsOf } from './questions.js';
import { percentile, timeDecisions } from './time-decisions.js';

/** One cell of the table: what is to be measured. */
export interface CellTask {
  readonly engine: EngineName;
  readonly mix: string;
  readonly rules: number;
  readonly traffics: readonly Traffic[];
  /** How long the timed decisions of one kind of traffic may take. */
  readonly milliseconds: number;
  /** The interpreter's answers to the first questions of each kind of traffic, a letter each: a or d. */
  readonly answers?: Readonly<Partial<Record<Traffic, string>>>;
}

/** What one kind of traffic came to. */
export interface TrafficResult {
  readonly traffic: Traffic;
  readonly p50Ns: number;
  readonly p99Ns: number;
  readonly decisions: number;
  readonly allowed: number;
  /** What the engine holds, with all that answering these questions has added to it. */
  readonly bytes: number;
  /** The engine's answers to the first questions. */
  readonly answers: string;
}

/** What a cell came to. */
export interface CellResult {
  readonly buildMs: number;
  readonly traffics: readonly TrafficResult[];
}

/** Fewer samples than this say nothing about the slowest hundredth. */
export const samplesForP99 = 200;

const comparedAtMost = 64;
const comparedAtLeast = 4;
/** Engines that hold less than this are weighed by the dozen. */
const measuredByCopiesBelow = 4 * 2 ** 20;
const decisionsAtMost = 40_000;
const decisionsAtLeast = 6;
const warmUpRounds = 3;

/**
 * Measures one engine with one mix at one size. Every answer is compared with what the mix made the question for, and the first ones with the
 * interpreter's; a difference throws, as figures of wrong answers are worth nothing.
 */
export function measureCell(task: CellTask): Promise<CellResult> {
  const mix = mixes.find(({ name }) => name === task.mix);
  if (mix === undefined) throw new Error(`there is no mix \`${task.mix}\``);
  return withEngine(task.engine, (prepare) => measure(prepare, mix, task));
}

async function measure<Input>(prepare: PrepareEngine<Input>, mix: Mix, task: CellTask): Promise<CellResult> {
  await rehearse(prepare, mix);
  const engine = prepare(mix.policies(task.rules), mix.layer);
  const supplies = task.traffics.map((traffic) => ({ traffic, next: questionsOf(mix, task.rules, traffic) }));
  const [first] = supplies.map(({ next }) => next());
  if (first === undefined) throw new Error('no traffic is asked for');
  await collectGarbage();
  const before = heldBytes();
  const began = performance.now();
  const decider = await engine.build();
  check([first], [decider.allows(decider.translate(first))]);
  const buildMs = performance.now() - began;
  await collectGarbage();
  const built = heldBytes() - before;
  const traffics: TrafficResult[] = [];
  for (const { traffic, next } of supplies) traffics.push(await measureTraffic({ engine, decider, traffic, next, task, built }));
  return { buildMs, traffics };
}

/** A small one first, so that neither the time of the build nor its bytes are those of the code itself. */
async function rehearse<Input>(prepare: PrepareEngine<Input>, mix: Mix): Promise<void> {
  const rules = 10;
  const decider = await prepare(mix.policies(rules), mix.layer).build();
  const questions = take(questionsOf(mix, rules, 'recurring'), 300);
  check(
    questions,
    questions.map((question) => decider.allows(decider.translate(question))),
  );
}

interface TrafficTask<Input> {
  readonly engine: Engine<Input>;
  readonly decider: Decider<Input>;
  readonly traffic: Traffic;
  readonly next: () => Question;
  readonly task: CellTask;
  readonly built: number;
}

async function measureTraffic<Input>({
  engine,
  decider,
  traffic,
  next,
  task,
  built,
}: TrafficTask<Input>): Promise<TrafficResult> {
  const allows = (input: Input): boolean => decider.allows(input);
  const compared = take(next, comparedAtMost);
  const limits = { milliseconds: task.milliseconds, minimum: comparedAtLeast };
  const comparison = timeDecisions(compared.map(decider.translate), allows, limits);
  check(compared, comparison.allowed);
  const answers = Array.from(comparison.allowed, (allowed) => (allowed === 1 ? 'a' : 'd')).join('');
  compareAnswers(task, answers, task.answers?.[traffic] ?? answers);
  let count = affordable(percentile(comparison.nanoseconds, 0.5), task.milliseconds);
  // What is cold looks slow: until it is warm, each round says how many decisions the next one may have.
  for (let round = 0; round < (count === decisionsAtLeast ? 1 : warmUpRounds); round += 1) {
    const warmUp = take(next, count === decisionsAtLeast ? 1 : Math.ceil(count / 3));
    const warmed = timeDecisions(warmUp.map(decider.translate), allows, { milliseconds: task.milliseconds / 2, minimum: 1 });
    check(warmUp, warmed.allowed);
    count = affordable(percentile(warmed.nanoseconds, 0.5), task.milliseconds);
  }
  const questions = take(next, count);
  const inputs = questions.map(decider.translate);
  await collectGarbage();
  const before = heldBytes();
  const timed = timeDecisions(inputs, allows, { milliseconds: task.milliseconds * 2, minimum: decisionsAtLeast });
  await collectGarbage();
  const after = heldBytes();
  check(questions, timed.allowed);
  const arrays = timed.nanoseconds.buffer.byteLength + timed.allowed.buffer.byteLength;
  const once = built + after - before - arrays;
  return {
    traffic,
    p50Ns: Math.round(percentile(timed.nanoseconds, 0.5)),
    p99Ns: Math.round(percentile(timed.nanoseconds, 0.99)),
    decisions: timed.nanoseconds.length,
    allowed: timed.allowed.reduce((sum, one) => sum + one, 0),
    bytes: once > measuredByCopiesBelow ? once : await bytesOfCopies(engine, inputs.slice(0, timed.allowed.length)),
    answers,
  };
}

/**
 * What a small engine holds: the share of one in as many as can be made in a moment. One alone would drown in what V8 keeps and drops for its own
 * purposes meanwhile.
 */
async function bytesOfCopies<Input>(engine: Engine<Input>, inputs: readonly Input[]): Promise<number> {
  const end = performance.now() + 200;
  const copies: Decider<Input>[] = [];
  await collectGarbage();
  const before = heldBytes();
  do {
    const copy = await engine.build();
    for (const input of inputs) copy.allows(input);
    copies.push(copy);
  } while (performance.now() < end && copies.length < 64);
  await collectGarbage();
  return Math.max(0, Math.round((heldBytes() - before) / copies.length));
}

function affordable(nanoseconds: number, milliseconds: number): number {
  return Math.max(decisionsAtLeast, Math.min(decisionsAtMost, Math.floor((milliseconds * 1e6) / Math.max(nanoseconds, 100))));
}

function take<Value>(next: () => Value, count: number): Value[] {
  return Array.from({ length: count }, () => next());
}

function check(questions: readonly Question[], allowed: ArrayLike<number | boolean>): void {
  for (let index = 0; index < allowed.length; index += 1) {
    const question = questions[index];
    const answer = allowed[index] ? 'allow' : 'deny';
    if (question !== undefined && question.effect !== answer) {
      throw new Error(`answered ${answer}, right is ${question.effect}: ${JSON.stringify(question)}`);
    }
  }
}

function compareAnswers({ engine, mix, rules }: CellTask, answers: string, interpreters: string): void {
  const length = Math.min(answers.length, interpreters.length);
  if (answers.slice(0, length) === interpreters.slice(0, length)) return;
  throw new Error(`${engine} and the interpreter differ on ${mix} with ${rules} rules`);
}
