/** Ranges of code points, both ends included. */
export type Ranges = readonly (readonly [low: number, high: number])[];

/** One regular expression, read. */
export type Expression =
  | { readonly kind: 'empty' }
  /** One code point within the ranges, or with `negated` outside of them. */
  | { readonly kind: 'set'; readonly ranges: Ranges; readonly negated: boolean; readonly foldCase: boolean }
  | { readonly kind: 'assertion'; readonly holds: Assertion }
  | { readonly kind: 'sequence'; readonly parts: readonly Expression[] }
  | { readonly kind: 'choice'; readonly parts: readonly Expression[] }
  | { readonly kind: 'repeat'; readonly part: Expression; readonly minimum: number; readonly maximum: number | undefined };

/** What may be demanded of a place between two code points. */
export type Assertion = 'text-start' | 'text-end' | 'line-start' | 'line-end' | 'word-boundary' | 'no-word-boundary';

/** An expression that matches the empty text only. */
export const empty: Expression = { kind: 'empty' };
