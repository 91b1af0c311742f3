import { Closures } from './closures.js';
import type { Mask } from './mask.js';
import { MaskTable } from './mask-table.js';
import { type CompileOptions, defaultOptions } from './options.js';
import { expandRows } from './rows.js';
import type { CompiledRule } from './rule.js';

/** What is kept of a connection from one request on it to the next. */
export interface ConnectionMemo {
  mask?: Mask;
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

/** Compiles rules: few of them to closures, more to masks. */
export function compileTable<Subject>(
  rules: readonly CompiledRule<Subject>[],
  options: CompileOptions = defaultOptions,
): Table<Subject> {
  const rows = expandRows(rules, options);
  return rows.count <= options.closuresUpTo ? new Closures(rules, options) : new MaskTable(rows, options);
}
