import type { Facts } from '../../reference/facts.js';
import { isAwaited, type MetadataPlace } from '../../reference/metadata.js';
import type { DynamicMetadata, JsonValue } from '../../verdict/attributes.js';
import type { Dimension, TextReading } from '../dimension.js';
import { anything, type Pattern, something, textPart } from '../pattern.js';
import { stringPattern } from './string-patterns.js';

/** What stands before a published text, and before each text of a published list: one is never taken for the other. */
const textMark = '=';
const itemMark = '[';

/** What a filter published under a key. */
export function metadataDimension(place: MetadataPlace): Dimension<Facts> {
  return {
    key: `metadata ${JSON.stringify([place.filter, place.key])}`,
    kind: 'text',
    perConnection: false,
    isAwaited: (facts) => isAwaited(place, facts.metadata),
    read: ({ metadata }) => markedTexts(metadata === undefined ? undefined : publishedAt(metadata.published, place)),
  };
}

/** What a value wants of metadata: `[v]` a list with an element that matches `v`, any other value a text (reference section 3.3). */
export function metadataPattern(value: string): Pattern {
  return value.startsWith('[') && value.endsWith(']')
    ? itemPattern(stringPattern(withoutBrackets(value)))
    : textPattern(stringPattern(value));
}

/** A pattern for the texts of a published list, as `markedTexts` has them. */
export function itemPattern(pattern: Pattern): Pattern {
  return marked(itemMark, pattern);
}

/** A pattern for a published text, as `markedTexts` has it. */
export function textPattern(pattern: Pattern): Pattern {
  return marked(textMark, pattern);
}

/** A text, or the texts of a list, with their marks. */
export function markedTexts(published: JsonValue | undefined): TextReading {
  if (typeof published === 'string') return textMark + published;
  if (!Array.isArray(published)) return undefined;
  const items: readonly JsonValue[] = published;
  return items.flatMap((item) => (typeof item === 'string' ? [itemMark + item] : []));
}

/** The texts of a list; undefined for what is none. */
export function itemsOf(value: JsonValue | undefined): TextReading {
  if (!Array.isArray(value)) return undefined;
  const items: readonly JsonValue[] = value;
  return items.every(isText) ? items : items.filter(isText);
}

function isText(value: JsonValue): value is string {
  return typeof value === 'string';
}

function marked(mark: string, pattern: Pattern): Pattern {
  switch (pattern.kind) {
    case 'exact':
    case 'prefix':
      return { kind: pattern.kind, text: mark + pattern.text };
    case 'suffix':
      return { kind: 'parts', parts: [textPart(mark), anything, textPart(pattern.text)] };
    default:
      return { kind: 'parts', parts: [textPart(mark), something] };
  }
}

function publishedAt(published: DynamicMetadata, { filter, key }: MetadataPlace): JsonValue | undefined {
  if (filter === undefined || key === undefined || !Object.hasOwn(published, filter)) return undefined;
  const keys: JsonValue | undefined = published[filter];
  if (typeof keys !== 'object' || keys === null || Array.isArray(keys) || !Object.hasOwn(keys, key)) return undefined;
  return (keys as Readonly<Record<string, JsonValue>>)[key];
}

/** Every bracket at either end goes, as in Istio. */
function withoutBrackets(value: string): string {
  let start = 0;
  let end = value.length;
  while (start < end && (value[start] === '[' || value[start] === ']')) start++;
  while (end > start && (value[end - 1] === '[' || value[end - 1] === ']')) end--;
  return value.slice(start, end);
}
