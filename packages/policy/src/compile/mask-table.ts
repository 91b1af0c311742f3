import { ConnectionMasks } from './connection-masks.js';
import { type DimensionTable, dimensionTable, type RowLiterals } from './dimension-table.js';
import { lowestBit, type Mask } from './mask.js';
import type { CompileOptions } from './options.js';
import type { Rows, RuleRows } from './rows.js';
import type { Conjunction, Literal } from './rule.js';
import type { ConnectionMemo, Table } from './table.js';

/**
 * The decision table: every dimension turns what it reads into the mask of the rows that it leaves, and the lowest bit that all masks
 * have in common is the first row that matches (bit vectors with a summary, after Lakshman and Stiliadis, and Baboescu and Varghese).
 * What a connection cannot change is looked at once, and kept as one mask.
 */
export class MaskTable<Subject> implements Table<Subject> {
  readonly kind = 'masks';
  readonly #connection: readonly DimensionTable<Subject>[];
  readonly #connectionMasks: ConnectionMasks<Subject>;
  readonly #request: readonly DimensionTable<Subject>[];
  readonly #rules: readonly RuleRows[];
  readonly #ruleOfRow: Int32Array;
  readonly #rows: number;
  readonly #masks: Mask[] = [];
  #count = 0;

  constructor(
    rows: Rows<Subject>,
    private readonly options: CompileOptions,
  ) {
    this.#rows = rows.count;
    this.#rules = rows.rules;
    this.#ruleOfRow = new Int32Array(rows.count);
    for (const [rule, { ranges }] of rows.rules.entries()) {
      for (const { from, end } of ranges) this.#ruleOfRow.fill(rule, from, end);
    }
    const dimensions = byDimension(rows.rows).map(([first, asked]) =>
      dimensionTable(first.dimension, asked, rows.count, options),
    );
    this.#connection = dimensions.filter(({ perConnection }) => perConnection);
    this.#connectionMasks = new ConnectionMasks(this.#connection, rows.count, options);
    this.#request = dimensions.filter(({ perConnection }) => !perConnection);
  }

  begin(subject: Subject, memo?: ConnectionMemo): void {
    const { tally } = this.options;
    if (tally !== undefined) tally.masks += 1;
    this.#count = 0;
    if (this.#connection.length > 0) {
      const together = this.#connectionMasks.of(subject, memo);
      if (together !== undefined) this.#masks[this.#count++] = together;
      else for (const dimension of this.#connection) this.#masks[this.#count++] = dimension.mask(subject);
    }
    for (const dimension of this.#request) this.#masks[this.#count++] = dimension.mask(subject);
  }

  next(from: number, end: number): number {
    const last = this.#firstRow(end);
    for (let row = this.#nextRow(this.#firstRow(from), last); row >= 0; ) {
      const rule = this.#ruleOfRow[row] ?? 0;
      if (this.#matches(rule)) return rule;
      row = this.#nextRow(this.#firstRow(rule + 1), last);
    }
    return -1;
  }

  choice(rule: number, group: number): number {
    const rows = this.#rules[rule];
    if (rows === undefined) return 0;
    const { ranges, sizes } = rows;
    const range = ranges.length > 1 ? ranges[group] : ranges[0];
    if (range === undefined) return 0;
    const place = this.#nextRow(range.from, range.end) - range.from;
    if (ranges.length > 1) return place;
    let slower = 1;
    for (let faster = group + 1; faster < sizes.length; faster++) slower *= sizes[faster] ?? 1;
    return Math.floor(place / slower) % (sizes[group] ?? 1);
  }

  #firstRow(rule: number): number {
    return this.#rules[rule]?.ranges[0]?.from ?? this.#rows;
  }

  /** Whether every range of a rule has a row, one of them being known to. */
  #matches(rule: number): boolean {
    const ranges = this.#rules[rule]?.ranges ?? [];
    if (ranges.length === 1) return true;
    for (const { from, end } of ranges) if (this.#nextRow(from, end) < 0) return false;
    return true;
  }

  /** The first row from `from` on, and before `end`, that all masks have; -1 for none. */
  #nextRow(from: number, end: number): number {
    if (from >= end) return -1;
    const last = (end - 1) >>> 5;
    let word = from >>> 5;
    let bits = this.#word(word) & (-1 << from);
    while (bits === 0) {
      word = this.options.summaries ? this.#nextWord(word + 1) : word + 1;
      if (word > last) return -1;
      bits = this.#word(word);
    }
    const row = 32 * word + lowestBit(bits);
    return row < end ? row : -1;
  }

  #word(word: number): number {
    let bits = -1;
    for (let at = 0; at < this.#count; at++) bits &= this.#masks[at]?.words[word] ?? 0;
    return bits;
  }

  /** The first word from `word` on of which no mask says that it is empty. */
  #nextWord(word: number): number {
    const words = (this.#rows + 31) >>> 5;
    for (let summary = word >>> 5, skip = -1 << word; 32 * summary < words; summary++, skip = -1) {
      let bits = skip;
      for (let at = 0; at < this.#count; at++) bits &= this.#masks[at]?.summary[summary] ?? 0;
      if (bits !== 0) return 32 * summary + lowestBit(bits);
    }
    return words;
  }
}

/** The literals of all rows by dimension, with one literal that names it. */
function byDimension<Subject>(
  rows: readonly Conjunction<Subject>[],
): readonly (readonly [Literal<Subject>, readonly RowLiterals<Subject>[]])[] {
  const found = new Map<string, readonly [Literal<Subject>, { row: number; literals: Literal<Subject>[] }[]]>();
  for (const [row, literals] of rows.entries()) {
    for (const literal of literals) {
      const known = found.get(literal.dimension.key) ?? ([literal, []] as const);
      found.set(literal.dimension.key, known);
      const latest = known[1].at(-1);
      if (latest?.row === row) latest.literals.push(literal);
      else known[1].push({ row, literals: [literal] });
    }
  }
  return [...found.values()];
}
