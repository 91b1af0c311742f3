import type { JsonObject, JsonValue } from '../verdict/attributes.js';

/** Deepest nesting that is read: that of upstream's parser, far below what recursion could not bear. */
const maximumDepth = 100;

/**
 * Reads a JSON object as tokens are to be read: a member that stands twice, nesting without end, half a surrogate pair or
 * anything after the object makes it unreadable. Objects have no prototype, so that no claim can pass for an inherited one.
 */
export function readJsonObject(text: string): JsonObject | undefined {
  try {
    const reader = new Reader(text);
    const value = reader.document();
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;
  } catch (error) {
    if (error instanceof Unreadable) return undefined;
    throw error;
  }
}

class Unreadable extends Error {}

class Reader {
  #at = 0;

  constructor(private readonly text: string) {}

  document(): JsonValue {
    const value = this.#value(0);
    this.#blanks();
    if (this.#at < this.text.length) throw new Unreadable();
    return value;
  }

  #value(depth: number): JsonValue {
    if (depth > maximumDepth) throw new Unreadable();
    this.#blanks();
    switch (this.text[this.#at]) {
      case '{':
        return this.#object(depth);
      case '[':
        return this.#list(depth);
      case '"':
        return this.#string();
      case 't':
        return this.#word('true', true);
      case 'f':
        return this.#word('false', false);
      case 'n':
        return this.#word('null', null);
      default:
        return this.#number();
    }
  }

  #object(depth: number): JsonObject {
    const members: Record<string, JsonValue> = Object.create(null);
    this.#at++;
    if (this.#skips('}')) return members;
    do {
      this.#blanks();
      const name = this.#string();
      if (name in members || !this.#skips(':')) throw new Unreadable();
      members[name] = this.#value(depth + 1);
    } while (this.#skips(','));
    if (!this.#skips('}')) throw new Unreadable();
    return members;
  }

  #list(depth: number): JsonValue[] {
    const items: JsonValue[] = [];
    this.#at++;
    if (this.#skips(']')) return items;
    do items.push(this.#value(depth + 1));
    while (this.#skips(','));
    if (!this.#skips(']')) throw new Unreadable();
    return items;
  }

  #string(): string {
    const start = this.#at;
    if (this.text[start] !== '"') throw new Unreadable();
    let end = start + 1;
    while (end < this.text.length && this.text[end] !== '"') end += this.text[end] === '\\' ? 2 : 1;
    this.#at = end + 1;
    const value = parsed(this.text.slice(start, end + 1));
    if (typeof value !== 'string' || hasLoneSurrogate(value)) throw new Unreadable();
    return value;
  }

  #number(): number {
    const start = this.#at;
    while (this.#at < this.text.length && '+-.0123456789eE'.includes(this.text[this.#at] ?? '')) this.#at++;
    const value = parsed(this.text.slice(start, this.#at));
    if (typeof value !== 'number' || !Number.isFinite(value)) throw new Unreadable();
    return value;
  }

  #word<Value extends boolean | null>(word: string, value: Value): Value {
    if (!this.text.startsWith(word, this.#at)) throw new Unreadable();
    this.#at += word.length;
    return value;
  }

  /** Skips blanks and then `mark`, if it is there. */
  #skips(mark: string): boolean {
    this.#blanks();
    if (this.text[this.#at] !== mark) return false;
    this.#at++;
    return true;
  }

  #blanks(): void {
    while (this.#at < this.text.length && ' \t\n\r'.includes(this.text[this.#at] ?? '')) this.#at++;
  }
}

/** A single string or number: its grammar is that of the language itself. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Unreadable();
  }
}

function hasLoneSurrogate(text: string): boolean {
  for (const char of text) {
    const code = char.codePointAt(0) ?? 0;
    if (code >= 0xd800 && code <= 0xdfff) return true;
  }
  return false;
}
