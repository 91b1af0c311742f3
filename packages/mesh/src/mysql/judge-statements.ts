import { isPermit, type JsonObject, type Permit, type Verdict } from '@sallyport/policy';
import type { FilteredConnection } from '../metadata/network-filter.js';
import type { ResolvedStatement } from './database-state.js';

/** What came of judging statements: a permit for all of them, or what denies and for which table and operation. */
export type Judgement =
  | { readonly permit: Permit }
  | { readonly denial: Verdict; readonly subject: string; readonly operation?: string; readonly key?: string };

/**
 * Judges statements: each statement as a whole, and in it each table and operation by itself, must be allowed. By itself, so that a rule
 * about one table permits nothing of another; as a whole, so that a DENY rule sees what is combined. Statements without tables are judged as
 * the connection is.
 */
export function judgeStatements(connection: FilteredConnection, statements: readonly ResolvedStatement[]): Judgement {
  const standing = connection.judge();
  if (!permits(standing)) return { denial: standing ?? unserved, subject: 'connection' };
  for (const statement of statements) {
    if (statement.length === 0) continue;
    for (const { key, operation } of statement) {
      const verdict = connection.judge({ [key]: [operation] });
      if (!permits(verdict)) return { denial: verdict ?? unserved, subject: `${operation} on ${key}`, operation, key };
    }
    const whole = connection.judge(publication(statement));
    if (!permits(whole)) return { denial: whole ?? unserved, subject: describe(statement) };
  }
  return { permit: standing };
}

/**
 * What is published about a statement: the operations on each table by its name, and by its name in lower case, too, which a server may
 * take for the same.
 */
function publication(statement: ResolvedStatement): JsonObject {
  const published = new Map<string, Set<string>>();
  for (const { key, operation } of statement) {
    for (const name of [key, key.toLowerCase()]) published.set(name, (published.get(name) ?? new Set()).add(operation));
  }
  return Object.fromEntries([...published].map(([key, operations]) => [key, [...operations].sort()]));
}

function describe(statement: ResolvedStatement): string {
  return statement.map(({ key, operation }) => `${operation} on ${key}`).join(', ');
}

function permits(verdict: Verdict | undefined): verdict is Permit {
  return verdict !== undefined && isPermit(verdict);
}

const unserved: Verdict = { effect: 'deny', reason: 'internal-error', audit: [], detail: 'nothing serves this connection' };
