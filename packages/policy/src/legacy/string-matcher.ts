import { wireText } from '../reference/wire-text.js';
import type { JsonValue } from '../verdict/attributes.js';

/** A question about one text. */
export type TextTest = (text: string) => boolean;

/**
 * How texts are compared outside of headers (legacy reference section 2.7): `*` is any text, the empty one too; else a star at the
 * beginning makes a suffix, else one at the end a prefix. With `prefix`, that of all values but `*`.
 */
export function stringMatcher(value: string, prefix = ''): TextTest {
  if (value === '*') return () => true;
  if (value.startsWith('*')) return (text) => text.endsWith(prefix + value.slice(1));
  if (value.endsWith('*')) return (text) => text.startsWith(prefix + value.slice(0, -1));
  return (text) => text === prefix + value;
}

/**
 * How a header is asked for (legacy reference section 2.6): one of its values matches, `*` being any value of a header that is there. Envoy
 * cannot tell an empty value from none, and takes it for `*`; `strict` refuses it.
 */
export function headerMatcher(value: string): (values: readonly string[]) => boolean {
  if (value === '') return (values) => values.length > 0;
  const matches = stringMatcher(wireText(value));
  return (values) => values.some(matches);
}

/** Metadata that is a text, and matches. */
export function isText(value: JsonValue | undefined, matches: TextTest): boolean {
  return typeof value === 'string' && matches(value);
}

/** Metadata that is a list, one text of which matches. */
export function isListWith(value: JsonValue | undefined, matches: TextTest): boolean {
  if (!Array.isArray(value)) return false;
  const items: readonly JsonValue[] = value;
  return items.some((item) => isText(item, matches));
}
