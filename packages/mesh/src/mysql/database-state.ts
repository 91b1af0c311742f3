import type { Access, Statement } from './sql/access.js';
import { SqlError } from './sql/sql-error.js';

/** The current database: one of these, `undefined` being none. More than one where the server alone knows whether it changed. */
type Candidates = ReadonlySet<string | undefined>;

const mostCandidates = 8;

/** What a statement does to one table, by its full name. */
interface ResolvedAccess {
  /** `db.table`, as policies name it. */
  readonly key: string;
  readonly operation: Access['operation'];
}

/** A statement with its tables resolved. */
export type ResolvedStatement = readonly ResolvedAccess[];

/** What follows from a query. */
export interface Resolution {
  readonly statements: readonly ResolvedStatement[];
  /** To be called with whether the server executed all of it. */
  readonly executed: (ok: boolean) => void;
}

/** Keeps track of a connection's current database. */
export class DatabaseState {
  #current: Candidates = new Set([undefined]);

  /** After the login, or another change that leaves nothing of what was. */
  reset(database: string | undefined): void {
    this.#current = new Set([database]);
  }

  /** The tables of a query in full, each statement after what those before it change. Throws SqlError where no database is current. */
  resolve(statements: readonly Statement[]): Resolution {
    let current = this.#current;
    const seen = new Set(current);
    const resolved = statements.map(({ accesses, use }): ResolvedStatement => {
      const full = accesses.flatMap((access) => fullNames(access, current));
      if (use !== undefined) {
        current = new Set([use]);
        seen.add(use);
      }
      return full;
    });
    if (seen.size > mostCandidates) throw new SqlError('the current database is not known');
    return {
      statements: resolved,
      executed: (ok) => {
        this.#current = ok ? current : seen;
      },
    };
  }
}

function fullNames({ database, table, operation }: Access, current: Candidates): readonly ResolvedAccess[] {
  if (database !== undefined) return [{ key: `${database}.${table}`, operation }];
  return [...current].map((candidate) => {
    if (candidate === undefined) throw new NoDatabaseError('no database is selected');
    return { key: `${candidate}.${table}`, operation };
  });
}

/** A table without a database, where none is current: the server would refuse it, too. */
export class NoDatabaseError extends SqlError {}
