import type { TableName } from './access.js';
import { SqlError } from './sql-error.js';
import type { Token } from './token.js';

/** Words that stand where a table may stand: a parser that takes one for a table has misread the statement. */
const modifiers: ReadonlySet<string> = new Set(
  (
    'IGNORE LOW_PRIORITY HIGH_PRIORITY DELAYED QUICK CONCURRENT EXTENDED ONLY TABLE TABLES LOCAL TEMPORARY IF EXISTS NOT LATERAL PARTITION INTO FROM ' +
    'USING SET SELECT VALUES VALUE STRAIGHT_JOIN JOIN NATURAL LEFT RIGHT INNER OUTER CROSS ON WHERE WAIT NOWAIT SEQUENCE VIEW INDEX ALL DISTINCT'
  ).split(' '),
);

/** One part of a name: an identifier, and the quotation mark around it. */
export interface NamePart {
  readonly text: string;
  readonly quote?: string;
}

/** The table of a name with one or two parts. Refuses what cannot be written as `db.table` without doubt. */
export function tableName(parts: readonly NamePart[]): TableName {
  const [first, second] = parts;
  if (first === undefined || parts.length > 2) throw new SqlError('a table has a name of more than two parts');
  return second === undefined
    ? { table: checked(first) }
    : { database: checkedName(first.text, first.quote), table: checked(second) };
}

/** A name that tokens spell, and how many of them do. */
export function nameAt(tokens: readonly Token[], at: number): { readonly parts: readonly NamePart[]; readonly next: number } {
  const parts = [partOf(tokens[at])];
  let next = at + 1;
  while (tokens[next]?.kind === 'symbol' && tokens[next]?.text === '.') {
    parts.push(partOf(tokens[next + 1]));
    next += 2;
  }
  return { parts, next };
}

/** A name of a database or table; points and brackets would make a key that several names have. */
export function checkedName(text: string, quote?: string): string {
  if (quote === "'" || quote === '"') throw new SqlError('a name is quoted like a text');
  const unclear = text === '' || text === '*' || [...text].some((char) => '.[]'.includes(char) || char < ' ' || char === '\x7f');
  if (unclear || text !== text.trim()) throw new SqlError('a name holds what no key can say');
  return text;
}

function checked({ text, quote }: NamePart): string {
  if (quote === undefined && modifiers.has(text.toUpperCase())) throw new SqlError(`\`${text}\` is no table`);
  return checkedName(text, quote);
}

function partOf(token: Token | undefined): NamePart {
  if (token?.kind === 'word') return { text: token.text };
  if (token?.kind === 'quoted') return { text: token.text.slice(1, -1).replaceAll('``', '`'), quote: '`' };
  throw new SqlError('a name is missing');
}
