import { assertNever } from '../../assert-never.js';
import { isWord } from './character-class.js';
import type { Assertion, Expression } from './expression.js';
import { ExpressionProblem, parseExpression } from './parse-expression.js';
import { buildProgram, type Program } from './program.js';

/** A regular expression that is ready to be asked about whole texts, or why there is none. */
export type Regular =
  | { readonly expression: Expression; readonly matches: (text: string) => boolean }
  | { readonly problem: string };

/**
 * Compiles a regular expression, in the syntax of RE2, to an automaton of our own: matching takes time linear in the text, whatever
 * the expression, and no engine of the platform ever sees either.
 */
export function compileRegular(text: string): Regular {
  try {
    const expression = parseExpression(text);
    const run = new Run(buildProgram(expression));
    return { expression, matches: (subject) => run.matches(subject) };
  } catch (error) {
    if (error instanceof ExpressionProblem) return { problem: error.message };
    throw error;
  }
}

/** All places at once, code point by code point, in memory that is taken once. */
class Run {
  /** The places that are reached, and those that the next code point will reach. */
  #places: Int32Array;
  #next: Int32Array;
  /** Of each place, when it was reached last. */
  readonly #reached: Int32Array;
  readonly #pending: number[] = [];
  #count = 0;
  #turn = 0;

  constructor(private readonly program: Program) {
    this.#places = new Int32Array(program.steps.length);
    this.#next = new Int32Array(program.steps.length);
    this.#reached = new Int32Array(program.steps.length);
  }

  matches(text: string): boolean {
    this.#begin();
    this.#reach(this.program.start, undefined, text.codePointAt(0));
    for (let at = 0; at < text.length; ) {
      if (this.#count === 0) return false;
      const point = text.codePointAt(at) ?? 0;
      at += point > 0xffff ? 2 : 1;
      this.#read(point, at < text.length ? text.codePointAt(at) : undefined);
    }
    return this.#reached[0] === this.#turn;
  }

  #begin(): void {
    this.#count = 0;
    this.#turn += 1;
    if (this.#turn < 0x7fffffff) return;
    this.#reached.fill(0);
    this.#turn = 1;
  }

  #read(point: number, after: number | undefined): void {
    const [places, count] = [this.#places, this.#count];
    this.#places = this.#next;
    this.#next = places;
    this.#begin();
    for (let at = 0; at < count; at++) {
      const step = this.program.steps[places[at] ?? 0];
      if (step?.kind === 'read' && step.accepts(point)) this.#reach(step.next, point, after);
    }
  }

  /** A place, and everything that is reached from it without reading, between two code points. */
  #reach(from: number, before: number | undefined, after: number | undefined): void {
    this.#pending.push(from);
    for (let place = this.#pending.pop(); place !== undefined; place = this.#pending.pop()) {
      if (this.#reached[place] === this.#turn) continue;
      this.#reached[place] = this.#turn;
      this.#places[this.#count++] = place;
      const step = this.program.steps[place];
      if (step?.kind === 'either') for (const next of step.next) this.#pending.push(next);
      else if (step?.kind === 'assert' && assertionHolds(step.holds, before, after)) this.#pending.push(step.next);
    }
  }
}

/** `before` and `after` are undefined at either end of the text. */
function assertionHolds(assertion: Assertion, before: number | undefined, after: number | undefined): boolean {
  switch (assertion) {
    case 'text-start':
      return before === undefined;
    case 'text-end':
      return after === undefined;
    case 'line-start':
      return before === undefined || before === 0x0a;
    case 'line-end':
      return after === undefined || after === 0x0a;
    case 'word-boundary':
      return isWord(before) !== isWord(after);
    case 'no-word-boundary':
      return isWord(before) === isWord(after);
    default:
      return assertNever(assertion);
  }
}
