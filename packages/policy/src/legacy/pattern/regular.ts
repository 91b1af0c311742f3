import { assertNever } from '../../assert-never.js';
import { isWord } from './character-class.js';
import type { Assertion } from './expression.js';
import { ExpressionProblem, parseExpression } from './parse-expression.js';
import { buildProgram, type Program } from './program.js';

/** A regular expression that is ready to be asked about whole texts, or why there is none. */
export type Regular = { readonly matches: (text: string) => boolean } | { readonly problem: string };

/**
 * Compiles a regular expression, in the syntax of RE2, to an automaton of our own: matching takes time linear in the text, whatever
 * the expression, and no engine of the platform ever sees either.
 */
export function compileRegular(text: string): Regular {
  try {
    const program = buildProgram(parseExpression(text));
    return { matches: (subject) => run(program, subject) };
  } catch (error) {
    if (error instanceof ExpressionProblem) return { problem: error.message };
    throw error;
  }
}

/** All places at once, code point by code point. */
function run(program: Program, subject: string): boolean {
  const points = [...subject].map((char) => char.codePointAt(0) ?? 0);
  let places = reachable(program, [program.start], points, 0);
  for (const [index, point] of points.entries()) {
    const next = [...places].flatMap((place) => {
      const step = program.steps[place];
      return step?.kind === 'read' && step.accepts(point) ? [step.next] : [];
    });
    places = reachable(program, next, points, index + 1);
    if (places.size === 0) return false;
  }
  return places.has(0);
}

/** Everything that is reached without reading. */
function reachable({ steps }: Program, from: readonly number[], points: readonly number[], at: number): ReadonlySet<number> {
  const places = new Set<number>();
  const pending = [...from];
  for (let place = pending.pop(); place !== undefined; place = pending.pop()) {
    if (places.has(place)) continue;
    places.add(place);
    const step = steps[place];
    if (step?.kind === 'either') pending.push(...step.next);
    else if (step?.kind === 'assert' && assertionHolds(step.holds, points, at)) pending.push(step.next);
  }
  return places;
}

function assertionHolds(assertion: Assertion, points: readonly number[], at: number): boolean {
  switch (assertion) {
    case 'text-start':
      return at === 0;
    case 'text-end':
      return at === points.length;
    case 'line-start':
      return at === 0 || points[at - 1] === 0x0a;
    case 'line-end':
      return at === points.length || points[at] === 0x0a;
    case 'word-boundary':
      return isWord(points[at - 1]) !== isWord(points[at]);
    case 'no-word-boundary':
      return isWord(points[at - 1]) === isWord(points[at]);
    default:
      return assertNever(assertion);
  }
}
