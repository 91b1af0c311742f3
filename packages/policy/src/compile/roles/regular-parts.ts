import type { Expression, Ranges } from '../../legacy/pattern/expression.js';
import { casesOf } from '../../legacy/pattern/program.js';
import { type CharacterSet, type Part, textPart } from '../pattern.js';

type Parts = readonly Part[];

/** Expressions that come to more alternatives, or longer ones, or that list more characters, are asked by themselves. */
const mostAlternatives = 32;
const mostParts = 256;
const mostCodes = 256;

/**
 * A regular expression as alternatives of texts, characters and runs, each of which the automaton of a dimension takes among all others; undefined for
 * one that says more than those can.
 */
export function regularParts(expression: Expression): readonly Parts[] | undefined {
  const alternatives = alternativesOf(expression);
  return alternatives?.every(isFaithful) === true ? alternatives : undefined;
}

function alternativesOf(expression: Expression): readonly Parts[] | undefined {
  switch (expression.kind) {
    case 'empty':
      return [[]];
    case 'set':
      return one(expression);
    case 'sequence':
      return expression.parts.reduce<readonly Parts[] | undefined>(followed, [[]]);
    case 'choice': {
      const choices = expression.parts.map(alternativesOf);
      const all = choices.flatMap((choice) => choice ?? []);
      return choices.includes(undefined) ? undefined : few(all);
    }
    case 'repeat':
      return repeated(expression);
    default:
      return undefined;
  }
}

function followed(before: readonly Parts[] | undefined, expression: Expression): readonly Parts[] | undefined {
  return joined(before, before && alternativesOf(expression));
}

function joined(before: readonly Parts[] | undefined, after: readonly Parts[] | undefined): readonly Parts[] | undefined {
  if (before === undefined || after === undefined || before.length * after.length > mostAlternatives) return undefined;
  return few(before.flatMap((first) => after.map((second) => [...first, ...second])));
}

function few(alternatives: readonly Parts[]): readonly Parts[] | undefined {
  const isFew = alternatives.length <= mostAlternatives && alternatives.every(({ length }) => length <= mostParts);
  return isFew ? alternatives : undefined;
}

type CharacterClass = Extract<Expression, { kind: 'set' }>;

/** One character out of a list; of the others some are two units. */
function one(expression: CharacterClass): readonly Parts[] | undefined {
  const point = expression.foldCase || expression.negated ? undefined : onlyPoint(expression.ranges);
  if (point !== undefined) return [[textPart(String.fromCodePoint(point))]];
  const codes = expression.negated ? undefined : codesOf(expression);
  return codes && [[{ kind: 'one', of: { codes, negated: false } }]];
}

/** So many times; without an end only what is one character. */
function repeated({ part, minimum, maximum }: Extract<Expression, { kind: 'repeat' }>): readonly Parts[] | undefined {
  if (maximum !== undefined) {
    const once = alternativesOf(part);
    const optional = once && few([[], ...once]);
    const pieces = Array.from({ length: Math.min(maximum, mostParts + 1) }, (_, at) => (at < minimum ? once : optional));
    return maximum > mostParts ? undefined : pieces.reduce<readonly Parts[] | undefined>(joined, [[]]);
  }
  if (part.kind !== 'set' || minimum > mostParts) return undefined;
  const of = runOf(part);
  if (of === undefined || minimum < 2) return of && [[{ kind: 'run', of, atLeast: minimum === 0 ? 0 : 1 }]];
  const first = one(part);
  const before = Array.from({ length: minimum - 1 }, () => first).reduce<readonly Parts[] | undefined>(joined, [[]]);
  return joined(before, [[{ kind: 'run', of, atLeast: 1 }]]);
}

/** What a run may hold: of characters that are two units all or none. */
function runOf(expression: CharacterClass): CharacterSet | undefined {
  const { ranges, negated, foldCase } = expression;
  if (negated && ranges.length === 0) return 'any';
  if (negated && !foldCase && onlyPoint(ranges) === 0x0a) return 'no-newline';
  const codes = codesOf(expression);
  return codes && { codes, negated };
}

/** The units of UTF-16 that the ranges are about, before negation; undefined for too many, and where one is half of a character. */
function codesOf({ ranges, foldCase }: CharacterClass): readonly number[] | undefined {
  const count = ranges.reduce((all, [low, high]) => all + high - low + 1, 0);
  if (count > mostCodes || ranges.some(([low, high]) => high > 0xffff || (low <= 0xdfff && high >= 0xd800))) return undefined;
  const points = ranges.flatMap(([low, high]) => Array.from({ length: high - low + 1 }, (_, at) => low + at));
  const codes = foldCase ? points.flatMap((point) => foldedTo().get(point) ?? []) : points;
  return [...new Set(codes)].sort((a, b) => a - b);
}

let folded: ReadonlyMap<number, readonly number[]> | undefined;

/** Which characters fall together with each, by `casesOf`; none that is one unit does with one that is two. */
function foldedTo(): ReadonlyMap<number, readonly number[]> {
  if (folded !== undefined) return folded;
  const all = new Map<number, number[]>();
  for (let code = 0; code <= 0xffff; code++) {
    if (isHalf(code)) continue;
    for (const each of new Set(casesOf(code))) {
      const known = all.get(each);
      if (known === undefined) all.set(each, [code]);
      else known.push(code);
    }
  }
  folded = all;
  return all;
}

function onlyPoint(ranges: Ranges): number | undefined {
  const [range] = ranges;
  return ranges.length === 1 && range?.[0] === range?.[1] ? range?.[0] : undefined;
}

/**
 * Whether parts, which are about UTF-16, say of every text what the expression says of its code points: half of a pair is never
 * looked for, and no two characters of one pair are counted as two.
 */
function isFaithful(parts: Parts): boolean {
  // How many characters the runs so far want that may hold both halves of a pair, with nothing between them that has to be there.
  let wanted: number | undefined;
  for (const part of parts) {
    if (part.kind === 'text' && part.text.length === 1 && isHalf(part.text.charCodeAt(0))) return false;
    if (part.kind !== 'run') wanted = undefined;
    else if (typeof part.of === 'object' && !part.of.negated) wanted = part.atLeast === 0 ? wanted : undefined;
    else {
      if (wanted !== undefined && wanted + part.atLeast > 0) return false;
      wanted = part.atLeast;
    }
  }
  return true;
}

function isHalf(code: number): boolean {
  return code >= 0xd800 && code <= 0xdfff;
}
