import type { DialectRow } from './dialect-rows.js';

/** A query that the two dialects answer differently. */
export interface Difference {
  /** File and query. */
  readonly where: string;
  /** What `strict` answers; `upstream` the opposite. */
  readonly strict: 'allow' | 'deny';
  /** The reason that `strict` gives. */
  readonly reason: string;
  /** The rows of the dialect table that it comes from; none is a defect. */
  readonly rows: readonly DialectRow[];
  /** The peer's identity is none that a handshake here lets in, so that no policy is asked. */
  readonly beforePolicy?: true;
}

/** Everything that a run found. */
export interface Differences {
  /** How many queries both dialects were asked. */
  readonly asked: number;
  readonly found: readonly Difference[];
  /** What could not be read or asked, with the reason. */
  readonly problems: readonly string[];
}

/** What must not be: a difference that no row is about, or that allows more where its rows do not say so. */
export function isDefect({ strict, rows, beforePolicy }: Difference): boolean {
  if (beforePolicy && strict === 'deny') return false;
  if (rows.length === 0) return true;
  return strict === 'allow' && rows.every(({ allows }) => allows === undefined);
}
