import type { IpRange } from '../reference/ip-range.js';

/** Which characters a run of a pattern may hold. */
export type CharacterSet = 'any' | 'no-slash' | 'no-newline' | 'template-segment' | 'template-path' | Listed;

/** The characters of a list, each a unit of UTF-16, or with `negated` all others. */
interface Listed {
  readonly codes: readonly number[];
  readonly negated: boolean;
}

/** A stretch of a pattern: a text, one character, a run of characters of at least so many, or the border between the two texts of a pair. */
export type Part =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'one'; readonly of: CharacterSet }
  | { readonly kind: 'run'; readonly of: CharacterSet; readonly atLeast: 0 | 1 }
  | { readonly kind: 'border' };

/** One value of a policy, as what the classifiers know to look for. */
export type Pattern =
  | { readonly kind: 'exact'; readonly text: string }
  /** With an empty text: whatever is there. */
  | { readonly kind: 'prefix'; readonly text: string }
  | { readonly kind: 'suffix'; readonly text: string }
  /** Any text but the empty one. */
  | { readonly kind: 'non-empty' }
  | { readonly kind: 'parts'; readonly parts: readonly Part[] }
  /** Of an identity in the SPIFFE form: `NAMESPACE`, or `NAMESPACE/sa/ACCOUNT`. */
  | { readonly kind: 'spiffe'; readonly place: 'namespace' | 'account'; readonly text: string }
  /** What none of the others can say; asked by itself, so that it costs its share of every text. */
  | { readonly kind: 'test'; readonly test: (text: string) => boolean }
  | { readonly kind: 'range'; readonly range: IpRange }
  | { readonly kind: 'number'; readonly value: number };

/** A text of a pattern. */
export function textPart(text: string): Part {
  return { kind: 'text', text };
}

/** Any characters, or none. */
export const anything: Part = { kind: 'run', of: 'any', atLeast: 0 };

/** Any characters, at least one. */
export const something: Part = { kind: 'run', of: 'any', atLeast: 1 };
