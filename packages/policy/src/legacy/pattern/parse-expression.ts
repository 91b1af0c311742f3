import { complement, perlClasses, posixClasses } from './character-class.js';
import { type Assertion, type Expression, empty, type Ranges } from './expression.js';

/** Why a text is no regular expression, or none that is supported. */
export class ExpressionProblem extends Error {}

/** RE2 admits no more repetitions of one part. */
const maximumRepeat = 1000;
const maximumDepth = 200;

interface Flags {
  readonly foldCase: boolean;
  readonly multiLine: boolean;
  readonly dotAll: boolean;
}

/**
 * Reads a regular expression in the syntax of RE2, which has neither look-around nor back-references. Throws an `ExpressionProblem` for a text that is
 * none, and for Unicode classes and single bytes, which no namespace needs.
 */
export function parseExpression(text: string): Expression {
  const parser = new Parser([...text]);
  return parser.whole();
}

class Parser {
  #at = 0;
  #depth = 0;
  #flags: Flags = { foldCase: false, multiLine: false, dotAll: false };

  constructor(private readonly text: readonly string[]) {}

  whole(): Expression {
    const expression = this.#choice();
    if (this.#at < this.text.length) throw new ExpressionProblem('a `)` closes nothing');
    return expression;
  }

  #choice(): Expression {
    if (++this.#depth > maximumDepth) throw new ExpressionProblem('groups are nested too deep');
    const parts = [this.#sequence()];
    while (this.#take('|')) parts.push(this.#sequence());
    this.#depth--;
    return parts.length === 1 ? (parts[0] ?? empty) : { kind: 'choice', parts };
  }

  #sequence(): Expression {
    const parts: Expression[] = [];
    while (this.#at < this.text.length && this.#peek() !== '|' && this.#peek() !== ')') {
      if (this.#takeAll('\\Q')) parts.push(...this.#quoted());
      else parts.push(this.#repeated(this.#atom()));
    }
    return { kind: 'sequence', parts };
  }

  #repeated(part: Expression): Expression {
    const bounds = this.#bounds();
    if (bounds === undefined) return part;
    // A lazy repetition matches the same texts.
    this.#take('?');
    if (this.#bounds() !== undefined) throw new ExpressionProblem('a repetition follows a repetition');
    return { kind: 'repeat', part, ...bounds };
  }

  #bounds(): { minimum: number; maximum: number | undefined } | undefined {
    if (this.#take('*')) return { minimum: 0, maximum: undefined };
    if (this.#take('+')) return { minimum: 1, maximum: undefined };
    if (this.#take('?')) return { minimum: 0, maximum: 1 };
    return this.#peek() === '{' ? this.#counted() : undefined;
  }

  /** `{2}`, `{2,}`, `{2,5}`; any other brace is a brace. */
  #counted(): { minimum: number; maximum: number | undefined } | undefined {
    const start = this.#at;
    this.#at++;
    const minimum = this.#number();
    const open = this.#take(',');
    const maximum = open ? this.#number() : minimum;
    if (minimum === undefined || !this.#take('}')) {
      this.#at = start;
      return undefined;
    }
    if (minimum > maximumRepeat || (maximum ?? 0) > maximumRepeat || (maximum ?? minimum) < minimum)
      throw new ExpressionProblem('the bounds of a repetition are not usable');
    return { minimum, maximum };
  }

  #number(): number | undefined {
    let digits = '';
    while (this.#isDigit()) digits += this.#next();
    return digits === '' ? undefined : Number(digits);
  }

  #atom(): Expression {
    const char = this.#next();
    switch (char) {
      case '(':
        return this.#group();
      case '[':
        return this.#class();
      case '.':
        return this.#set(this.#flags.dotAll ? [] : [[0x0a, 0x0a]], true);
      case '^':
        return assertion(this.#flags.multiLine ? 'line-start' : 'text-start');
      case '$':
        return assertion(this.#flags.multiLine ? 'line-end' : 'text-end');
      case '\\':
        return this.#escape();
      case '*':
      case '+':
      case '?':
        throw new ExpressionProblem(`\`${char}\` repeats nothing`);
      default:
        if (char === '{' && this.#countsHere()) throw new ExpressionProblem('`{` repeats nothing');
        return this.#literal(char);
    }
  }

  #countsHere(): boolean {
    const start = this.#at;
    this.#at--;
    const counts = this.#counted() !== undefined;
    this.#at = start;
    return counts;
  }

  #group(): Expression {
    const outer = this.#flags;
    if (this.#take('?') && !this.#groupStart()) return empty;
    const inside = this.#choice();
    if (!this.#take(')')) throw new ExpressionProblem('a `(` is not closed');
    this.#flags = outer;
    return inside;
  }

  /** What follows `(?`; false where it only sets flags for the rest of the group. */
  #groupStart(): boolean {
    if (this.#takeAll('P<') || this.#takeAll('<')) {
      let name = '';
      while (this.#peek() !== undefined && this.#peek() !== '>') name += this.#next();
      if (name === '' || !this.#take('>') || !/^[A-Za-z0-9_]+$/.test(name))
        throw new ExpressionProblem('look-around and odd names of groups are not supported');
      return true;
    }
    let on = true;
    for (;;) {
      const char = this.#next();
      if (char === ':') return true;
      if (char === ')') return false;
      if (char === '-' && on) on = false;
      else this.#setFlag(char, on);
    }
  }

  #setFlag(char: string, on: boolean): void {
    if (char === 'i') this.#flags = { ...this.#flags, foldCase: on };
    else if (char === 'm') this.#flags = { ...this.#flags, multiLine: on };
    else if (char === 's') this.#flags = { ...this.#flags, dotAll: on };
    else if (char !== 'U') throw new ExpressionProblem('look-around and unknown flags are not supported');
  }

  #class(): Expression {
    const negated = this.#take('^');
    const ranges: (readonly [number, number])[] = [];
    let first = true;
    while (first || this.#peek() !== ']') {
      if (this.#peek() === undefined) throw new ExpressionProblem('a `[` is not closed');
      first = false;
      ranges.push(...this.#classItem());
    }
    this.#at++;
    return this.#set(ranges, negated);
  }

  #classItem(): Ranges {
    if (this.#takeAll('[:')) return this.#posixClass();
    const named = this.#peek() === '\\' ? this.#perlClass() : undefined;
    if (named !== undefined) return named;
    const low = this.#classPoint();
    if (this.#peek() !== '-' || this.text[this.#at + 1] === ']' || this.text[this.#at + 1] === undefined) return [[low, low]];
    this.#at++;
    const high = this.#classPoint();
    if (high < low) throw new ExpressionProblem('a range of characters is upside down');
    return [[low, high]];
  }

  #posixClass(): Ranges {
    const negated = this.#take('^');
    let name = '';
    while (this.#peek() !== undefined && this.#peek() !== ':') name += this.#next();
    const ranges = Object.hasOwn(posixClasses, name) ? posixClasses[name] : undefined;
    if (ranges === undefined || !this.#takeAll(':]')) throw new ExpressionProblem('a class of characters is not known');
    return negated ? complement(ranges) : ranges;
  }

  /** `\d` and its kind, at a backslash; undefined for any other escape. */
  #perlClass(): Ranges | undefined {
    const letter = this.text[this.#at + 1] ?? '';
    const lower = letter.toLowerCase();
    const ranges = Object.hasOwn(perlClasses, lower) ? perlClasses[lower] : undefined;
    if (ranges === undefined) return undefined;
    this.#at += 2;
    return letter === lower ? ranges : complement(ranges);
  }

  #classPoint(): number {
    const char = this.#next();
    return char === '\\' ? this.#escapedPoint() : pointOf(char);
  }

  #escape(): Expression {
    this.#at--;
    const named = this.#perlClass();
    if (named !== undefined) return this.#set(named, false);
    this.#at++;
    const assertions: Readonly<Record<string, Assertion>> = {
      A: 'text-start',
      z: 'text-end',
      b: 'word-boundary',
      B: 'no-word-boundary',
    };
    const holds = assertions[this.#peek() ?? ''];
    if (holds === undefined) return this.#point(this.#escapedPoint());
    this.#at++;
    return assertion(holds);
  }

  #escapedPoint(): number {
    const char = this.#next();
    const controls: Readonly<Record<string, number>> = { a: 7, f: 12, n: 10, r: 13, t: 9, v: 11 };
    const control = Object.hasOwn(controls, char) ? controls[char] : undefined;
    if (control !== undefined) return control;
    if (char === 'x') return this.#hexadecimal();
    if (char === '0' || (char >= '1' && char <= '7' && this.#isOctal())) return this.#octal(char);
    if (/^[0-9A-Za-z]$/.test(char)) throw new ExpressionProblem(`\`\\${char}\` is not supported`);
    return pointOf(char);
  }

  #hexadecimal(): number {
    let digits = '';
    if (this.#take('{')) {
      while (this.#peek() !== undefined && this.#peek() !== '}') digits += this.#next();
      this.#take('}');
    } else digits = this.#next() + this.#next();
    const point = /^[0-9A-Fa-f]{1,8}$/.test(digits) ? Number.parseInt(digits, 16) : Number.NaN;
    if (!(point <= 0x10_ffff)) throw new ExpressionProblem('`\\x` is followed by no character code');
    return point;
  }

  #octal(first: string): number {
    let digits = first;
    while (digits.length < 3 && this.#isOctal()) digits += this.#next();
    return Number.parseInt(digits, 8);
  }

  #quoted(): Expression[] {
    const parts: Expression[] = [];
    while (this.#at < this.text.length && !this.#takeAll('\\E')) parts.push(this.#literal(this.#next()));
    return parts;
  }

  #literal(char: string): Expression {
    return this.#point(pointOf(char));
  }

  #point(point: number): Expression {
    return this.#set([[point, point]], false);
  }

  #set(ranges: Ranges, negated: boolean): Expression {
    return { kind: 'set', ranges, negated, foldCase: this.#flags.foldCase };
  }

  #isDigit(): boolean {
    const char = this.#peek();
    return char !== undefined && char >= '0' && char <= '9';
  }

  #isOctal(): boolean {
    const char = this.#peek();
    return char !== undefined && char >= '0' && char <= '7';
  }

  #peek(): string | undefined {
    return this.text[this.#at];
  }

  #next(): string {
    const char = this.text[this.#at];
    if (char === undefined) throw new ExpressionProblem('it ends too early');
    this.#at++;
    return char;
  }

  #take(char: string): boolean {
    if (this.#peek() !== char) return false;
    this.#at++;
    return true;
  }

  #takeAll(chars: string): boolean {
    if (![...chars].every((char, index) => this.text[this.#at + index] === char)) return false;
    this.#at += chars.length;
    return true;
  }
}

function assertion(holds: Assertion): Expression {
  return { kind: 'assertion', holds };
}

function pointOf(char: string): number {
  return char.codePointAt(0) ?? 0;
}
