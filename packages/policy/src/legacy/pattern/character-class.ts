import type { Ranges } from './expression.js';

const code = (text: string) => text.codePointAt(0) ?? 0;
const range = (low: string, high = low) => [code(low), code(high)] as const;
const digits = [range('0', '9')];
const letters = [range('A', 'Z'), range('a', 'z')];
const word = [...digits, ...letters, range('_')];
const space = [range('\t', '\n'), range('\f', '\r'), range(' ')];

/** `\d`, `\s` and `\w`; their capitals are the same negated. */
export const perlClasses: Readonly<Record<string, Ranges>> = { d: digits, s: space, w: word };

/** `[[:NAME:]]`. */
export const posixClasses: Readonly<Record<string, Ranges>> = {
  alnum: [...digits, ...letters],
  alpha: letters,
  ascii: [[0, 0x7f]],
  blank: [range('\t'), range(' ')],
  cntrl: [[0, 0x1f], range('\x7f')],
  digit: digits,
  graph: [range('!', '~')],
  lower: [range('a', 'z')],
  print: [range(' ', '~')],
  punct: [range('!', '/'), range(':', '@'), range('[', '`'), range('{', '~')],
  space: [range('\t', '\r'), range(' ')],
  upper: [range('A', 'Z')],
  word,
  xdigit: [...digits, range('A', 'F'), range('a', 'f')],
};

const last = 0x10_ffff;

/** Everything outside the ranges. */
export function complement(ranges: Ranges): Ranges {
  const sorted = [...ranges].sort(([a], [b]) => a - b);
  const outside: (readonly [number, number])[] = [];
  let next = 0;
  for (const [low, high] of sorted) {
    if (low > next) outside.push([next, low - 1]);
    next = Math.max(next, high + 1);
  }
  return next > last ? outside : [...outside, [next, last]];
}

/** Whether a code point is in the ranges. */
export function contains(ranges: Ranges, point: number): boolean {
  for (const range of ranges) if (point >= range[0] && point <= range[1]) return true;
  return false;
}

/** Whether a code point is a letter, digit or underscore of ASCII. */
export function isWord(point: number | undefined): boolean {
  return point !== undefined && contains(word, point);
}
