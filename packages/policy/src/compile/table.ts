import type { Mask, MaskDifference } from './mask.js';

/** What is kept of a connection from one request on it to the next. */
export interface ConnectionMemo {
  /** What the attributes of the connection leave of one table. */
  mask?: Mask | MaskDifference | 'not kept';
}

/**
 * Rules that are ready to be asked. `begin` takes what they are asked about; from then on `next` finds the first rule of a range that
 * matches it, -1 for none, and `choice` says which alternative of a group that was.
 */
export interface Table<Subject> {
  readonly kind: 'closures' | 'masks';
  begin(subject: Subject, memo?: ConnectionMemo): void;
  next(from: number, end: number): number;
  choice(rule: number, group: number): number;
}
