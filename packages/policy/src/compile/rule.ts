import type { Dimension } from './dimension.js';
import type { Pattern } from './pattern.js';

/** A question about one dimension: whether any, or with `negated` none, of the patterns matches what is read there. */
export interface Literal<Subject> {
  readonly dimension: Dimension<Subject>;
  readonly negated: boolean;
  readonly patterns: readonly Pattern[];
  /** Answer to the question as a whole while the dimension is awaited. */
  readonly whenAwaited: boolean;
  /** Of an identity: the same question to a text that has not the SPIFFE form. */
  readonly general?: GeneralQuestion;
}

/** What a literal asks of an identity of any form, before negation. */
export interface GeneralQuestion {
  /** Two questions about the same, with the same patterns, are the same. */
  readonly about: string;
  readonly test: (text: string) => boolean;
}

/** Holds where all of its literals do. */
export type Conjunction<Subject> = readonly Literal<Subject>[];

/** Matches where, in every group, at least one of the alternatives holds. */
export interface CompiledRule<Subject> {
  readonly groups: readonly (readonly Conjunction<Subject>[])[];
}
