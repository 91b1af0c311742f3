import { isSymbol, isWord, type Token } from './token.js';

/**
 * The same statement for a parser that knows less of MySQL: words that name no table are replaced by others of the same effect or left out, and of
 * many rows of plain values only the first is kept.
 */
export function simplify(tokens: readonly Token[]): readonly Token[] {
  if (isWord(tokens[0], 'START') && isWord(tokens[1], 'TRANSACTION')) return withoutSnapshot(tokens);
  if (isWord(tokens[0], 'SET')) return settings(tokens);
  return withoutRows(replaceWords(changes(tokens)));
}

function withoutSnapshot(tokens: readonly Token[]): readonly Token[] {
  const at = tokens.findIndex((token) => isWord(token, 'WITH'));
  const isSnapshot = isWord(tokens[at + 1], 'CONSISTENT') && isWord(tokens[at + 2], 'SNAPSHOT');
  if (at < 0 || !isSnapshot) return tokens;
  const before = tokens.slice(0, at);
  const after = tokens.slice(at + 3);
  return isSymbol(after[0], ',') && at === 2 ? [...before, ...after.slice(1)] : [...before, ...after];
}

/** `SET CHARACTER SET x` is, to a parser, `SET NAMES x`. */
function settings(tokens: readonly Token[]): readonly Token[] {
  const [set, first, second, ...rest] = tokens;
  if (set === undefined || first === undefined || second === undefined) return tokens;
  const names: Token = { kind: 'word', text: 'NAMES', spaced: true };
  if (isWord(first, 'CHARACTER', 'CHAR') && isWord(second, 'SET')) return [set, names, ...rest];
  return isWord(first, 'CHARSET') ? [set, names, second, ...rest] : tokens;
}

/** An UPDATE or DELETE without its modifiers, and with the tables of an UPDATE joined by words. */
function changes(tokens: readonly Token[]): readonly Token[] {
  const [first] = tokens;
  if (first === undefined || !isWord(first, 'UPDATE', 'DELETE')) return tokens;
  const modifiers = isWord(first, 'UPDATE') ? ['LOW_PRIORITY', 'IGNORE'] : ['LOW_PRIORITY', 'QUICK', 'IGNORE'];
  let at = 1;
  // A table may have such a name only where it is quoted.
  while (isWord(tokens[at], ...modifiers)) at += 1;
  const rest = [first, ...tokens.slice(at)];
  return isWord(first, 'UPDATE') ? joinedByWords(rest) : rest;
}

function joinedByWords(tokens: readonly Token[]): readonly Token[] {
  const end = tokens.findIndex((token) => isWord(token, 'SET'));
  let depth = 0;
  return tokens.map((token, at) => {
    if (isSymbol(token, '(')) depth += 1;
    if (isSymbol(token, ')')) depth -= 1;
    return at < end && depth === 0 && isSymbol(token, ',') ? { kind: 'word', text: 'CROSS JOIN', spaced: true } : token;
  });
}

function replaceWords(tokens: readonly Token[]): readonly Token[] {
  const kept: Token[] = [];
  for (let at = 0; at < tokens.length; at += 1) {
    const token = tokens[at];
    if (token === undefined) continue;
    if (isPhrase(tokens, at, 'LOCK', 'IN', 'SHARE', 'MODE')) {
      kept.push({ kind: 'word', text: 'FOR SHARE', spaced: true });
      at += 3;
    } else if (isPhrase(tokens, at, 'WITH', 'ROLLUP')) {
      at += 1;
    } else {
      kept.push(token);
    }
  }
  return kept;
}

function isPhrase(tokens: readonly Token[], at: number, ...words: readonly string[]): boolean {
  return words.every((word, index) => isWord(tokens[at + index], word));
}

function withoutRows(tokens: readonly Token[]): readonly Token[] {
  const kept: Token[] = [];
  let at = 0;
  while (at < tokens.length) {
    const token = tokens[at];
    if (token === undefined) break;
    kept.push(token);
    at += 1;
    if (!isWord(token, 'VALUES', 'VALUE')) continue;
    const first = endOfPlainRow(tokens, at);
    if (first === undefined) continue;
    kept.push(...tokens.slice(at, first));
    at = endOfPlainRows(tokens, first);
  }
  return kept;
}

function endOfPlainRows(tokens: readonly Token[], start: number): number {
  let end = start;
  for (;;) {
    const next = isSymbol(tokens[end], ',') ? endOfPlainRow(tokens, end + 1) : undefined;
    if (next === undefined) return end;
    end = next;
  }
}

/** Behind a row in parentheses that holds nothing but values. */
function endOfPlainRow(tokens: readonly Token[], start: number): number | undefined {
  if (!isSymbol(tokens[start], '(')) return undefined;
  for (let at = start + 1; at < tokens.length; at += 1) {
    if (isSymbol(tokens[at], ')')) return at + 1;
    if (!isValue(tokens[at])) return undefined;
  }
  return undefined;
}

function isValue(token: Token | undefined): boolean {
  if (token?.kind === 'string' || token?.kind === 'number') return true;
  return isWord(token, 'NULL', 'DEFAULT', 'TRUE', 'FALSE') || [',', '-', '+', '?'].some((symbol) => isSymbol(token, symbol));
}
