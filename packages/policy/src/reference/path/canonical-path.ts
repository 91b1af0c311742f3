/**
 * A path, without query, in the canonical form that Envoy's `normalize_path` gives it (reference sections 0.3 and 3.7):
 * unreserved percent-escapes decoded, `.` and `..` segments resolved, backslashes turned, characters that no path may hold
 * escaped. Undefined where the path holds a NUL, for which Envoy answers 400.
 */
export function canonicalPath(path: string): string | undefined {
  const source = withoutDotParameters(path);
  const output = new Output();
  for (let at = 0; at < source.length; ) {
    const dot = dotAt(source, at);
    const consumed = dot > 0 ? output.dot(source, at, dot) : output.character(source, at);
    if (consumed === undefined) return undefined;
    at += consumed;
  }
  return output.text;
}

/**
 * Literal `.;anything` and `..;anything` are dot segments; only before decoding, so `%2e%2e;` is not one (reference section
 * 0.3).
 */
function withoutDotParameters(path: string): string {
  let result = '';
  let start = 0;
  for (let at = 0; at <= path.length; at++) {
    if (at < path.length && !isSlash(path[at])) continue;
    const segment = path.slice(start, at);
    result += segment.startsWith('..;') ? '..' : segment.startsWith('.;') ? '.' : segment;
    result += path.slice(at, at + 1);
    start = at + 1;
  }
  return result;
}

/** The path so far, as a stack of characters, so that what goes away again costs no more than what came. */
class Output {
  readonly #chars: string[] = [];
  /** Place of the last `%` that introduced no valid escape, for the case that later output completes one. */
  #danglingPercent = -1;

  get text(): string {
    return this.#chars.join('');
  }

  /** Takes a dot (1 character, or 3 as `%2e`) at `at`; how many characters of the source it used. */
  dot(source: string, at: number, length: number): number {
    if (this.#chars.at(-1) !== '/') return this.#append('.', length);
    const next = at + length;
    if (next === source.length) return length;
    if (isSlash(source[next])) return length + 1;
    const second = dotAt(source, next);
    const after = next + second;
    if (second === 0 || (after < source.length && !isSlash(source[after]))) return this.#append('.', length);
    this.#removeSegment();
    return after < source.length ? after + 1 - at : after - at;
  }

  /** Takes any other character, or an escape, at `at`; how many characters of the source it used, undefined for a NUL. */
  character(source: string, at: number): number | undefined {
    const char = source.charAt(at);
    const code = char.charCodeAt(0);
    if (code === 0) return undefined;
    if (char === '\\') return this.#append('/', 1);
    if (char === '%') return this.#percent(source, at);
    return this.#append(mustEscape(char, code) ? percentEscape(code) : char, 1);
  }

  #percent(source: string, at: number): number | undefined {
    const code = escapedCode(source, at);
    if (code === undefined) {
      this.#danglingPercent = this.#chars.length;
      return this.#append('%', 1);
    }
    if (code === 0) return undefined;
    const char = String.fromCharCode(code);
    if (!isUnreserved(char)) return this.#append(source.slice(at, at + 3), 3);
    return this.#append(char, 3) + this.#escapeNested(source, at + 3);
  }

  /**
   * Keeps decoding from making an escape out of a dangling `%`: `%4%41` would become `%4A`, so that `%` becomes `%25`. Returns
   * how many further characters of the source went into the output.
   */
  #escapeNested(source: string, next: number): number {
    const percent = this.#danglingPercent;
    if (percent < 0 || percent + 3 < this.#chars.length) return 0;
    const needsNext = percent === this.#chars.length - 2;
    const tail = this.#chars.slice(percent + 1).join('') + (needsNext ? source.slice(next, next + 1) : '');
    if (escapedCode(`%${tail}`, 0) === undefined) return 0;
    this.#chars.splice(percent + 1, Number.POSITIVE_INFINITY, '2', '5', ...tail);
    return needsNext ? 1 : 0;
  }

  /** Back to the slash before the last segment; the first slash stays. */
  #removeSegment(): void {
    if (this.#chars.length > 1) this.#chars.pop();
    while (this.#chars.length > 1 && this.#chars.at(-1) !== '/') this.#chars.pop();
    if (this.#danglingPercent >= this.#chars.length) this.#danglingPercent = -1;
  }

  #append(text: string, consumed: number): number {
    this.#chars.push(...text);
    return consumed;
  }
}

function isSlash(char: string | undefined): boolean {
  return char === '/' || char === '\\';
}

function dotAt(source: string, at: number): 0 | 1 | 3 {
  if (source[at] === '.') return 1;
  return source.slice(at, at + 3).toLowerCase() === '%2e' ? 3 : 0;
}

function escapedCode(source: string, at: number): number | undefined {
  const digits = source.slice(at + 1, at + 3);
  if (digits.length < 2) return undefined;
  for (const digit of digits) if (!'0123456789abcdefABCDEF'.includes(digit)) return undefined;
  return Number.parseInt(digits, 16);
}

function isUnreserved(char: string): boolean {
  return (char >= 'a' && char <= 'z') || (char >= 'A' && char <= 'Z') || (char >= '0' && char <= '9') || '-._~'.includes(char);
}

function mustEscape(char: string, code: number): boolean {
  return code <= 0x20 || code >= 0x7f || '"#<>?^`{|}'.includes(char);
}

function percentEscape(code: number): string {
  return `%${code.toString(16).toUpperCase().padStart(2, '0')}`;
}
