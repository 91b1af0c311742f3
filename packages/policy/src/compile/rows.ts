import type { CompileOptions } from './options.js';
import type { CompiledRule, Conjunction } from './rule.js';

/** Where the rows of a rule are. */
export interface RuleRows {
  /** One range for all of its groups together, or one range for each: then the rule matches where each range has a row that does. */
  readonly ranges: readonly { readonly from: number; readonly end: number }[];
  /** How many alternatives each group has. */
  readonly sizes: readonly number[];
}

/** Rules as rows, in the order of the rules: conjunctions of which each has one bit. */
export interface Rows<Subject> {
  readonly count: number;
  readonly rows: readonly Conjunction<Subject>[];
  readonly rules: readonly RuleRows[];
}

/**
 * Multiplies out the groups of each rule, unless that makes too many rows: such a rule keeps a range of rows for each group, and is
 * looked at as a whole.
 */
export function expandRows<Subject>(compiled: readonly CompiledRule<Subject>[], { productUpTo }: CompileOptions): Rows<Subject> {
  const rows: Conjunction<Subject>[] = [];
  const rules = compiled.map(({ groups }): RuleRows => {
    const sizes = groups.map((group) => group.length);
    const product = sizes.reduce((all, size) => all * size, 1);
    const several = sizes.filter((size) => size > 1).length;
    const blocks = several > 1 && product > productUpTo ? groups : [multiplied(groups)];
    const ranges = blocks.map((block) => {
      const from = rows.length;
      for (const row of block) rows.push(row);
      return { from, end: rows.length };
    });
    return { ranges, sizes };
  });
  return { count: rows.length, rows, rules };
}

type Group<Subject> = readonly Conjunction<Subject>[];

/** Every combination, the alternatives of the first group changing slowest. */
function multiplied<Subject>(groups: readonly Group<Subject>[]): Group<Subject> {
  return groups.reduce<Group<Subject>>(
    (rows, group) =>
      group.length === 1
        ? rows.map((row) => [...row, ...(group[0] ?? [])])
        : rows.flatMap((row) => group.map((each) => [...row, ...each])),
    [[]],
  );
}
