import type { Expression, Ranges } from '../../legacy/pattern/expression.js';
import { type Part, textPart } from '../pattern.js';

type Parts = readonly Part[];

/** Expressions that come to more alternatives, or longer ones, are asked by themselves. */
const mostAlternatives = 32;
const mostParts = 256;

/**
 * A regular expression as alternatives of texts and runs, each of which the automaton of a dimension takes among all others; undefined for
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
    case 'set': {
      const point = expression.negated || expression.foldCase ? undefined : onlyPoint(expression.ranges);
      return point === undefined ? undefined : [[textPart(String.fromCodePoint(point))]];
    }
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
  const after = before && alternativesOf(expression);
  if (before === undefined || after === undefined || before.length * after.length > mostAlternatives) return undefined;
  return few(before.flatMap((first) => after.map((second) => [...first, ...second])));
}

function few(alternatives: readonly Parts[]): readonly Parts[] | undefined {
  const isFew = alternatives.length <= mostAlternatives && alternatives.every(({ length }) => length <= mostParts);
  return isFew ? alternatives : undefined;
}

/** `.*` and `.+`, and with a maximum of one anything that may be left out. */
function repeated({ part, minimum, maximum }: Extract<Expression, { kind: 'repeat' }>): readonly Parts[] | undefined {
  if (maximum === 1) {
    const once = alternativesOf(part);
    return minimum === 1 ? once : once && few([[], ...once]);
  }
  if (maximum !== undefined || (minimum !== 0 && minimum !== 1) || part.kind !== 'set' || !part.negated) return undefined;
  if (part.ranges.length === 0) return [[{ kind: 'run', of: 'any', atLeast: minimum }]];
  return onlyPoint(part.ranges) === 0x0a ? [[{ kind: 'run', of: 'no-newline', atLeast: minimum }]] : undefined;
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
  return parts.every((part, place) => {
    if (part.kind === 'text') return part.text.length > 1 || !isHalf(part.text.charCodeAt(0));
    const next = parts[place + 1];
    return part.kind !== 'run' || next?.kind !== 'run' || part.atLeast + next.atLeast === 0;
  });
}

function isHalf(code: number): boolean {
  return code >= 0xd800 && code <= 0xdfff;
}
