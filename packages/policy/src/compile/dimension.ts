import type { IpAddress } from '../reference/ip-range.js';

/** What a text dimension finds: one text, several of which any may match, or nothing. */
export type TextReading = string | readonly string[] | undefined;

/** Two texts that are asked about together, or nothing. */
type PairReading = readonly [first: string, second: string] | undefined;

interface DimensionBase<Subject> {
  /** Two dimensions with the same key are the same. */
  readonly key: string;
  /** Cannot change during a connection. */
  readonly perConnection: boolean;
  /** Whether what is read has yet to be published: then every question has the answer that its own `whenAwaited` says. */
  readonly isAwaited?: (subject: Subject) => boolean;
}

/** One attribute of a connection or request, by which rules tell subjects apart. */
export type Dimension<Subject> =
  | (DimensionBase<Subject> & { readonly kind: 'text'; readonly read: (subject: Subject) => TextReading })
  /** A text that has the SPIFFE form as a rule; one that has not is put to each question by itself. */
  | (DimensionBase<Subject> & { readonly kind: 'identity'; readonly read: (subject: Subject) => TextReading })
  | (DimensionBase<Subject> & { readonly kind: 'pair'; readonly read: (subject: Subject) => PairReading })
  | (DimensionBase<Subject> & { readonly kind: 'address'; readonly read: (subject: Subject) => IpAddress | undefined })
  | (DimensionBase<Subject> & { readonly kind: 'number'; readonly read: (subject: Subject) => number });
