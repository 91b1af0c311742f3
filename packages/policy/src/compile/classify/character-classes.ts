import type { CharacterSet } from '../pattern.js';

const segmentMarks = "-._~%!$&'()+,;:@=*";

/** Whether a character is in a set. */
export function holdsCharacter(set: CharacterSet, code: number): boolean {
  switch (set) {
    case 'any':
      return true;
    case 'no-slash':
      return code !== slash;
    case 'no-newline':
      return code !== newline;
    case 'template-segment':
      return isSegmentCharacter(code);
    case 'template-path':
      return code === slash || isSegmentCharacter(code);
    default:
      return set.codes.includes(code) !== set.negated;
  }
}

const slash = 0x2f;
const newline = 0x0a;

function isSegmentCharacter(code: number): boolean {
  const isDigit = code >= 0x30 && code <= 0x39;
  const isLetter = (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a);
  return isDigit || isLetter || (code < 0x80 && segmentMarks.includes(String.fromCharCode(code)));
}

/**
 * Characters that no pattern tells apart, as one: each that patterns name is a class of its own, all others are told apart only by the
 * sets that they are in.
 */
export class CharacterClasses {
  /** A character of each class. */
  readonly members: readonly number[];
  readonly #narrow = new Uint16Array(256);
  readonly #wide = new Map<number, number>();
  readonly #otherWide: number;

  constructor(named: ReadonlySet<number>) {
    const members: number[] = [];
    const others = new Map<string, number>();
    const classOf = (code: number): number => {
      if (named.has(code)) return members.push(code) - 1;
      const sets = (['no-slash', 'no-newline', 'template-segment', 'template-path'] as const)
        .map((set) => holdsCharacter(set, code))
        .join();
      const known = others.get(sets) ?? members.push(code) - 1;
      others.set(sets, known);
      return known;
    };
    for (let code = 0; code < 256; code++) this.#narrow[code] = classOf(code);
    for (const code of named) if (code >= 256) this.#wide.set(code, classOf(code));
    let unnamed = 256;
    while (named.has(unnamed)) unnamed++;
    this.#otherWide = classOf(unnamed);
    this.members = members;
  }

  of(code: number): number {
    return code < 256 ? (this.#narrow[code] ?? 0) : (this.#wide.get(code) ?? this.#otherWide);
  }
}
