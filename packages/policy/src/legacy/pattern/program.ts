import { contains } from './character-class.js';
import type { Assertion, Expression } from './expression.js';
import { ExpressionProblem } from './parse-expression.js';

/** One step of an automaton; the numbers are places of other steps. */
type Step =
  | { readonly kind: 'read'; readonly accepts: (point: number) => boolean; readonly next: number }
  | { readonly kind: 'assert'; readonly holds: Assertion; readonly next: number }
  | { readonly kind: 'either'; readonly next: readonly number[] }
  | { readonly kind: 'accept' };

/** Steps with the place of the first; there is one step that accepts, at place 0. */
export interface Program {
  readonly steps: readonly Step[];
  readonly start: number;
}

/** Far more than a pattern of people needs, and few enough that a request costs little. */
const maximumSteps = 10_000;

/** Builds the automaton of an expression. Throws an `ExpressionProblem` where it would be too large. */
export function buildProgram(expression: Expression): Program {
  const steps: Step[] = [{ kind: 'accept' }];
  const add = (step: Step): number => {
    if (steps.length >= maximumSteps) throw new ExpressionProblem('it is too large');
    return steps.push(step) - 1;
  };
  return { start: build(expression, 0, add, steps), steps };
}

type Add = (step: Step) => number;

/** The place of the first step of an expression that goes on at `next`. */
function build(expression: Expression, next: number, add: Add, steps: Step[]): number {
  switch (expression.kind) {
    case 'empty':
      return next;
    case 'set':
      return add({ kind: 'read', accepts: acceptor(expression), next });
    case 'assertion':
      return add({ kind: 'assert', holds: expression.holds, next });
    case 'sequence':
      return expression.parts.reduceRight((after, part) => build(part, after, add, steps), next);
    case 'choice':
      return add({ kind: 'either', next: expression.parts.map((part) => build(part, next, add, steps)) });
    case 'repeat':
      return repeat(expression, next, add, steps);
  }
}

function repeat(
  { part, minimum, maximum }: Extract<Expression, { kind: 'repeat' }>,
  next: number,
  add: Add,
  steps: Step[],
): number {
  let after = maximum === undefined ? loop(part, next, add, steps) : next;
  for (let count = minimum; count < (maximum ?? 0); count++) {
    after = add({ kind: 'either', next: [build(part, after, add, steps), next] });
  }
  for (let count = 0; count < minimum; count++) after = build(part, after, add, steps);
  return after;
}

function loop(part: Expression, next: number, add: Add, steps: Step[]): number {
  const place = add({ kind: 'either', next: [] });
  steps[place] = { kind: 'either', next: [build(part, place, add, steps), next] };
  return place;
}

function acceptor({ ranges, negated, foldCase }: Extract<Expression, { kind: 'set' }>): (point: number) => boolean {
  if (!foldCase) return (point) => contains(ranges, point) !== negated;
  return (point) => casesOf(point).some((each) => contains(ranges, each)) !== negated;
}

/** A code point, and what it is in lower and in upper case. */
export function casesOf(point: number): readonly number[] {
  const text = String.fromCodePoint(point);
  return [text, text.toLowerCase(), text.toUpperCase()].flatMap((each) => each.codePointAt(0) ?? []);
}
