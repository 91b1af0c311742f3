import type { Statement } from './access.js';
import { collectAccesses, type Tree } from './collect-accesses.js';
import { readLoad } from './load-data.js';
import { scan } from './scanner.js';
import { type CharacterSet, checkSettings } from './session-settings.js';
import { readShow } from './show-statement.js';
import { simplify } from './simplify.js';
import { SqlError } from './sql-error.js';
import { isSymbol, isWord, type Token, textOf } from './token.js';

/** Reads one statement of SQL into the trees of those that it holds; throws where it cannot. */
export type ParseSql = (sql: string) => readonly unknown[];

/** What the text of a query comes to. */
export interface Reading {
  readonly statements: readonly Statement[];
  /** The character set of later queries, where this one changes it. */
  readonly characterSet?: CharacterSet;
}

const mostAccesses = 256;

/**
 * Reads the statements of a query: which tables each is about, and what it does to them. Throws SqlError for what is not judged.
 * `bytes` holds one character for each byte.
 */
export function readStatements(bytes: string, utf8: boolean, parse: ParseSql): Reading {
  let characterSet: CharacterSet | undefined;
  const statements = split(scan(bytes, utf8)).map((tokens): Statement => {
    if (characterSet !== undefined) throw new SqlError('a statement after a change of its character set');
    if (isWord(tokens[0], 'SET')) characterSet = checkSettings(tokens);
    return readOne(tokens, parse);
  });
  const accesses = statements.reduce((sum, statement) => sum + statement.accesses.length, 0);
  if (accesses > mostAccesses || statements.length > mostAccesses) throw new SqlError('the query is about too many tables');
  return { statements, ...(characterSet === undefined ? {} : { characterSet }) };
}

function readOne(tokens: readonly Token[], parse: ParseSql): Statement {
  if (isWord(tokens[0], 'SHOW')) return { accesses: readShow(tokens) };
  if (isWord(tokens[0], 'LOAD')) return { accesses: readLoad(tokens) };
  const [tree, ...more] = parsed(textOf(simplify(tokens)), parse);
  if (tree === undefined || more.length > 0) throw new SqlError('what stands between semicolons is not one statement');
  return collectAccesses(tree);
}

function parsed(sql: string, parse: ParseSql): readonly Tree[] {
  try {
    return parse(sql) as readonly Tree[];
  } catch (error) {
    // The parser says so where it was the statement's fault. Anything else means that it broke, and may not be used again.
    if (error instanceof Error && error.message.startsWith('sql parser error: '))
      throw new SqlError('the statement cannot be parsed');
    throw error;
  }
}

function split(tokens: readonly Token[]): readonly (readonly Token[])[] {
  const statements: Token[][] = [[]];
  for (const token of tokens) {
    if (isSymbol(token, ';')) statements.push([]);
    else statements.at(-1)?.push(token);
  }
  return statements.filter((statement) => statement.length > 0);
}
