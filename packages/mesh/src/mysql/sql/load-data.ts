import type { Access } from './access.js';
import { SqlError } from './sql-error.js';
import { nameAt, tableName } from './table-name.js';
import { isWord, type Token } from './token.js';

/** What LOAD DATA and LOAD XML do to their table: they insert, and with REPLACE delete, too. */
export function readLoad(tokens: readonly Token[]): readonly Access[] {
  let at = 2;
  while (isWord(tokens[at], 'LOW_PRIORITY', 'CONCURRENT', 'LOCAL')) at += 1;
  if (!isWord(tokens[1], 'DATA', 'XML') || !isWord(tokens[at], 'INFILE') || tokens[at + 1]?.kind !== 'string') {
    throw new SqlError('a LOAD statement of an unknown shape');
  }
  at += 2;
  const replaces = isWord(tokens[at], 'REPLACE');
  if (replaces || isWord(tokens[at], 'IGNORE')) at += 1;
  if (!isWord(tokens[at], 'INTO') || !isWord(tokens[at + 1], 'TABLE')) throw new SqlError('a LOAD statement without its table');
  const { parts, next } = nameAt(tokens, at + 2);
  const table = tableName(parts);
  if (tokens.slice(next).some((token) => isWord(token, 'SELECT', 'WITH', 'TABLE', 'VALUES'))) {
    throw new SqlError('a LOAD statement with a query');
  }
  return [{ ...table, operation: 'insert' }, ...(replaces ? [{ ...table, operation: 'delete' as const }] : [])];
}
