import { SqlError } from './sql-error.js';
import { isSymbol, isWord, type Token } from './token.js';

/** Modes that change nothing about where a statement's texts and names begin and end. */
const harmlessModes: ReadonlySet<string> = new Set(
  (
    'ALLOW_INVALID_DATES ERROR_FOR_DIVISION_BY_ZERO HIGH_NOT_PRECEDENCE NO_AUTO_CREATE_USER NO_AUTO_VALUE_ON_ZERO NO_DIR_IN_CREATE ' +
    'NO_ENGINE_SUBSTITUTION NO_UNSIGNED_SUBTRACTION NO_ZERO_DATE NO_ZERO_IN_DATE ONLY_FULL_GROUP_BY PAD_CHAR_TO_FULL_LENGTH ' +
    'STRICT_ALL_TABLES STRICT_TRANS_TABLES TIME_TRUNCATE_FRACTIONAL TIME_ROUND_FRACTIONAL TRADITIONAL'
  ).split(' '),
);

/** Character sets in which an ASCII byte is always an ASCII character, with the ids that they have in the protocol. */
const utf8Sets: ReadonlySet<string> = new Set(['utf8', 'utf8mb3', 'utf8mb4']);
const singleByteSets: ReadonlySet<string> = new Set(['ascii', 'binary', 'latin1']);
const singleByteIds: ReadonlySet<number> = new Set([5, 8, 11, 15, 31, 47, 48, 49, 63, 65, 94]);

/** What the session's character set means for reading its statements; `refused` where its bytes cannot be told apart. */
export type CharacterSet = 'utf8' | 'single-byte' | 'refused';

/** The character set of a collation's id, as the login has it. */
export function characterSetOf(id: number): CharacterSet {
  const utf8 = id === 33 || id === 83 || id === 45 || id === 46 || (id >= 192 && id <= 247) || (id >= 255 && id <= 323);
  return utf8 ? 'utf8' : singleByteIds.has(id) ? 'single-byte' : 'refused';
}

/**
 * Checks a SET statement: whatever changes how the server splits later statements into tokens is refused. Returns the character set of
 * later statements where it is changed.
 */
export function checkSettings(tokens: readonly Token[]): CharacterSet | undefined {
  if (isWord(tokens[1], 'NAMES')) return namedSet(tokens[2]);
  if (isWord(tokens[1], 'CHARSET')) return namedSet(tokens[2]);
  if (isWord(tokens[1], 'CHARACTER', 'CHAR') && isWord(tokens[2], 'SET')) return namedSet(tokens[3]);
  let changed: CharacterSet | undefined;
  tokens.forEach((token, at) => {
    const name = settingOf(token);
    if (name === undefined || !isSymbol(tokens[at + 1], '=')) return;
    if (name === 'sql_mode') checkMode(valueAt(tokens, at + 2));
    else if (name === 'character_set_client') changed = namedSet(tokens[at + 2]);
  });
  return changed;
}

/** The variable that a token names, with or without its scope. */
function settingOf({ kind, text }: Token): string | undefined {
  if (kind !== 'word' && kind !== 'quoted' && kind !== 'variable') return undefined;
  const name = (kind === 'quoted' ? text.slice(1, -1) : text).toLowerCase();
  return name.startsWith('@@') ? name.slice(2).split('.').at(-1) : name.split('.').at(-1);
}

function valueAt(tokens: readonly Token[], start: number): readonly Token[] {
  let depth = 0;
  for (let at = start; at < tokens.length; at += 1) {
    if (isSymbol(tokens[at], '(')) depth += 1;
    else if (isSymbol(tokens[at], ')')) depth -= 1;
    else if (depth === 0 && isSymbol(tokens[at], ',')) return tokens.slice(start, at);
  }
  return tokens.slice(start);
}

/** Modes as a text, or texts put together with the modes in force. */
function checkMode(value: readonly Token[]): void {
  for (const token of value) {
    const allowed =
      token.kind === 'string'
        ? modesOf(token).every((mode) => harmlessModes.has(mode))
        : token.kind === 'variable'
          ? settingOf(token) === 'sql_mode'
          : ['(', ')', ','].some((symbol) => isSymbol(token, symbol)) ||
            isWord(token, 'CONCAT', 'DEFAULT') ||
            (token.kind === 'word' && harmlessModes.has(token.text.toUpperCase()));
    if (!allowed) throw new SqlError('a mode that changes how statements are read, or one that is not known here');
  }
}

function modesOf({ text }: Token): readonly string[] {
  return text
    .slice(1, -1)
    .toUpperCase()
    .split(',')
    .map((mode) => mode.trim())
    .filter((mode) => mode !== '');
}

function namedSet(token: Token | undefined): CharacterSet {
  const text = token?.kind === 'string' ? token.text.slice(1, -1) : token?.kind === 'word' ? token.text : '';
  const name = text.toLowerCase();
  if (utf8Sets.has(name)) return 'utf8';
  if (singleByteSets.has(name)) return 'single-byte';
  throw new SqlError('a character set in which statements cannot be read for certain');
}
