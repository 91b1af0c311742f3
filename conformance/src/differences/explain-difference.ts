import type { Inventory, Verdict } from '@sallyport/policy';
import type { Query } from '../recorded/recorded-case.js';
import { type DialectRow, dialectRows } from './dialect-rows.js';
import { verdictWithout } from './without-rows.js';

/** The two readings of one question. */
export interface Compared {
  readonly strict: { readonly inventory: Inventory; readonly verdict: Verdict };
  readonly upstream: { readonly inventory: Inventory; readonly verdict: Verdict };
}

/**
 * The rows of the dialect table that a difference comes from; none if it comes from none. A reason that only one row has speaks for
 * itself. Else the question is put again to a mesh without what a row is about: the fewest rows, first in the table, without which the
 * dialects agree.
 */
export function rowsBehind({ strict, upstream }: Compared, query: Query): readonly DialectRow[] {
  const telling = dialectRows.find(({ reason }) => reason !== undefined && reason === strict.verdict.reason);
  if (telling !== undefined && upstream.verdict.reason !== telling.reason) return [telling];
  const agreeWithout = (rows: readonly DialectRow[]) =>
    verdictWithout(rows, strict.inventory, query).effect === verdictWithout(rows, upstream.inventory, query).effect;
  // Without any row nothing may be gone that matters, else agreement would prove nothing.
  if (agreeWithout([])) return [];
  const removable = dialectRows.filter(({ without, mutualTls, aliases }) => without !== undefined || mutualTls || aliases);
  const single = removable.find((row) => agreeWithout([row]));
  if (single !== undefined) return [single];
  return agreeWithout(removable) ? fewest(removable, agreeWithout) : [];
}

/** Leaves out each row in turn that is not needed. */
function fewest(rows: readonly DialectRow[], suffices: (rows: readonly DialectRow[]) => boolean): readonly DialectRow[] {
  return rows.reduce<readonly DialectRow[]>((kept, row) => {
    const rest = kept.filter((other) => other !== row);
    return suffices(rest) ? rest : kept;
  }, rows);
}
