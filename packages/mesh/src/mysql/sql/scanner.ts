import { SqlError } from './sql-error.js';
import type { Token } from './token.js';

const space = ' \t\n\v\f\r';
const symbols = '()+-*/%<>=!~^&|,;.?:';
const plainMarks = ' _,.%+-';
const longestPlain = 256;

/**
 * Splits SQL into tokens as the server does in its default mode. What the server would read in another way under another mode or version
 * is refused: comments that are executed, backslashes in double quotes, digits run into names.
 *
 * `bytes` holds one character for each byte. Every character set that a client may use here keeps ASCII bytes to ASCII, so that tokens
 * can be told apart without knowing which it is; names outside ASCII need `utf8`.
 */
export function scan(bytes: string, utf8: boolean): readonly Token[] {
  return new Scanner(bytes, utf8).run();
}

class Scanner {
  readonly #tokens: Token[] = [];
  #at = 0;
  #spaced = false;

  constructor(
    private readonly bytes: string,
    private readonly utf8: boolean,
  ) {}

  run(): readonly Token[] {
    while (this.#at < this.bytes.length) {
      this.#next(this.bytes[this.#at] ?? '');
    }
    return this.#tokens;
  }

  #next(char: string): void {
    if (space.includes(char)) {
      this.#skipTo(this.#at + 1);
    } else if (this.#startsComment(char)) {
      this.#skipTo(this.#endOfLine());
    } else if (this.#peek(2) === '/*') {
      this.#blockComment();
    } else if (char === "'" || char === '"') {
      this.#string(char);
    } else if (char === '`') {
      this.#push('quoted', this.#quotedName());
    } else if (char === '@') {
      this.#variable();
    } else if (isNameChar(char)) {
      this.#wordOrNumber(char);
    } else if (char === '.' && isDigit(this.bytes[this.#at + 1] ?? '')) {
      this.#fraction();
    } else if (symbols.includes(char)) {
      this.#symbol(char);
    } else {
      throw new SqlError('the statement holds a character that no statement has outside of quotes');
    }
  }

  #push(kind: Token['kind'], text: string): void {
    this.#tokens.push({ kind, text, spaced: this.#spaced });
    this.#spaced = false;
  }

  #peek(length: number): string {
    return this.bytes.slice(this.#at, this.#at + length);
  }

  #skipTo(end: number): void {
    this.#at = end;
    this.#spaced = true;
  }

  /** Two dashes are a comment only before white space, a control character or the end. */
  #startsComment(char: string): boolean {
    if (char === '#') return true;
    return this.#peek(2) === '--' && (this.bytes[this.#at + 2] ?? ' ') <= ' ';
  }

  #endOfLine(): number {
    const end = this.bytes.indexOf('\n', this.#at);
    return end < 0 ? this.bytes.length : end + 1;
  }

  #blockComment(): void {
    if (this.#peek(3) === '/*!' || this.#peek(4) === '/*M!') {
      throw new SqlError('a comment that some servers execute is not judged');
    }
    const end = this.bytes.indexOf('*/', this.#at + 2);
    if (end < 0) throw new SqlError('a comment does not end');
    this.#skipTo(end + 2);
  }

  #string(quote: string): void {
    const content = this.#quoted(quote);
    const previous = this.#tokens.at(-1);
    // Adjacent texts are one text; together they may say what neither says.
    if (previous?.kind === 'string') {
      this.#tokens.pop();
      this.#tokens.push({ ...previous, text: "'s'" });
      return;
    }
    this.#push('string', `${quote}${isPlain(content) ? content : 's'}${quote}`);
  }

  /** What stands between quotes, as written; `#at` is behind them afterwards. */
  #quoted(quote: string): string {
    const start = this.#at + 1;
    for (let at = start; at < this.bytes.length; at += 1) {
      const char = this.bytes[at];
      if (char === '\\' && quote === '"') throw new SqlError('a backslash in double quotes means one of two things');
      if (char === '\\' && quote === "'") at += 1;
      else if (char === quote && this.bytes[at + 1] === quote) at += 1;
      else if (char === quote) {
        this.#at = at + 1;
        return this.bytes.slice(start, at);
      }
    }
    throw new SqlError('a quotation does not end');
  }

  #quotedName(): string {
    return `\`${this.#decode(this.#quoted('`'))}\``;
  }

  /** `@name`, `@'name'` and `@@scope.name`. */
  #variable(): void {
    const start = this.#at;
    while (this.bytes[this.#at] === '@') this.#at += 1;
    const ats = this.bytes.slice(start, this.#at);
    const quote = this.bytes[this.#at] ?? '';
    if (ats.length > 2) throw new SqlError('a variable is not named');
    if (quote === "'" || quote === '"' || quote === '`') {
      if (ats.length === 2) throw new SqlError('a server variable is quoted');
      this.#quoted(quote);
      this.#push('variable', '@v');
      return;
    }
    const end = this.#endOf((char) => isNameChar(char) || char === '.');
    this.#push('variable', ats + this.#decode(this.#take(end)));
  }

  #wordOrNumber(char: string): void {
    const run = this.#take(this.#endOf(isNameChar));
    if (!isDigit(char)) {
      this.#push('word', this.#decode(run));
    } else if (this.#afterPoint()) {
      throw new SqlError('a name begins with a digit');
    } else {
      this.#push('number', this.#number(run));
    }
  }

  /** A point with a digit behind it is a number, except behind a name. */
  #fraction(): void {
    const previous = this.#tokens.at(-1);
    if (previous?.kind === 'quoted' || previous?.kind === 'word' || previous?.kind === 'variable') {
      throw new SqlError('a name begins with a digit');
    }
    this.#at += 1;
    this.#push('number', `.${this.#decimals(this.#take(this.#endOf(isNameChar)))}`);
  }

  #number(run: string): string {
    if (isPrefixed(run, '0x', '0123456789abcdefABCDEF') || isPrefixed(run, '0b', '01')) return run;
    if (this.bytes[this.#at] === '.' && all(run, isDigit)) {
      this.#at += 1;
      return `${run}.${this.#decimals(this.#take(this.#endOf(isNameChar)))}`;
    }
    return this.#decimals(run);
  }

  /** Digits, with an exponent or without. */
  #decimals(run: string): string {
    const e = run.toLowerCase().indexOf('e');
    if (e < 0 && all(run, isDigit)) return run;
    if (e >= 0 && all(run.slice(0, e), isDigit)) {
      const exponent = run.slice(e + 1);
      if (exponent !== '' && all(exponent, isDigit)) return run;
      const sign = this.bytes[this.#at] ?? '';
      if (exponent === '' && (sign === '+' || sign === '-') && isDigit(this.bytes[this.#at + 1] ?? '')) {
        this.#at += 1;
        return `${run}${sign}${this.#decimals(this.#take(this.#endOf(isNameChar)))}`;
      }
    }
    throw new SqlError('digits run into letters');
  }

  #symbol(char: string): void {
    this.#at += 1;
    if (char === ':' && this.bytes[this.#at] === '=') {
      this.#at += 1;
      this.#push('symbol', '=');
    } else {
      this.#push('symbol', char);
    }
  }

  #afterPoint(): boolean {
    const previous = this.#tokens.at(-1);
    return previous?.kind === 'symbol' && previous.text === '.';
  }

  #endOf(belongs: (char: string) => boolean): number {
    let end = this.#at;
    while (end < this.bytes.length && belongs(this.bytes[end] ?? '')) end += 1;
    return end;
  }

  #take(end: number): string {
    const taken = this.bytes.slice(this.#at, end);
    this.#at = end;
    return taken;
  }

  /** A name as the server knows it. */
  #decode(bytes: string): string {
    if (all(bytes, (char) => char < '\x80')) return bytes;
    if (!this.utf8) throw new SqlError('a name outside ASCII in a character set other than UTF-8');
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(bytes, 'latin1'));
    } catch {
      throw new SqlError('a name is no valid UTF-8');
    }
  }
}

function all(text: string, holds: (char: string) => boolean): boolean {
  for (let at = 0; at < text.length; at += 1) {
    if (!holds(text[at] ?? '')) return false;
  }
  return true;
}

function isDigit(char: string): boolean {
  return char >= '0' && char <= '9';
}

function isLetter(char: string): boolean {
  return (char >= 'a' && char <= 'z') || (char >= 'A' && char <= 'Z');
}

function isNameChar(char: string): boolean {
  return isLetter(char) || isDigit(char) || char === '_' || char === '$' || char >= '\x80';
}

/** Texts that mean the same however they are read. */
function isPlain(text: string): boolean {
  return text.length <= longestPlain && all(text, (char) => isLetter(char) || isDigit(char) || plainMarks.includes(char));
}

function isPrefixed(run: string, prefix: string, digits: string): boolean {
  return run.startsWith(prefix) && run.length > prefix.length && all(run.slice(prefix.length), (char) => digits.includes(char));
}
