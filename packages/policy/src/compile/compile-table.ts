import { Closures } from './closures.js';
import { MaskTable } from './mask-table.js';
import { type CompileOptions, defaultOptions } from './options.js';
import { expandRows } from './rows.js';
import type { CompiledRule } from './rule.js';
import type { Table } from './table.js';

/** Compiles rules: few of them to closures, more to masks. */
export function compileTable<Subject>(
  rules: readonly CompiledRule<Subject>[],
  options: CompileOptions = defaultOptions,
): Table<Subject> {
  const rows = expandRows(rules, options);
  return rows.count <= options.closuresUpTo ? new Closures(rules, options) : new MaskTable(rows, options);
}
