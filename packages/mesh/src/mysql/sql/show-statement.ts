import type { Access } from './access.js';
import { SqlError } from './sql-error.js';
import { nameAt, tableName } from './table-name.js';
import { isWord, type Token } from './token.js';

/** What a SHOW statement looks at: a table's columns, indexes or definition, or else no table. */
export function readShow(tokens: readonly Token[]): readonly Access[] {
  if (tokens.slice(3).some((token) => isWord(token, 'SELECT', 'WITH', 'TABLE', 'VALUES')))
    throw new SqlError('a SHOW statement with a query');
  let at = 1;
  while (isWord(tokens[at], 'FULL', 'EXTENDED')) at += 1;
  if (isWord(tokens[at], 'COLUMNS', 'FIELDS', 'INDEX', 'INDEXES', 'KEYS')) return [shown(tokens, at + 1)];
  if (isWord(tokens[at], 'CREATE') && isWord(tokens[at + 1], 'TABLE', 'VIEW', 'SEQUENCE')) {
    return [{ ...tableName(nameAt(tokens, at + 2).parts), operation: 'show' }];
  }
  return [];
}

/** `FROM table`, then maybe `FROM database`, which wins. */
function shown(tokens: readonly Token[], at: number): Access {
  if (!isWord(tokens[at], 'FROM', 'IN')) throw new SqlError('a SHOW statement without its table');
  const { parts, next } = nameAt(tokens, at + 1);
  if (!isWord(tokens[next], 'FROM', 'IN')) return { ...tableName(parts), operation: 'show' };
  const database = nameAt(tokens, next + 1).parts;
  return { ...tableName([...database, ...parts.slice(-1)]), operation: 'show' };
}
