import type { DynamicMetadata, JsonValue } from '../verdict/attributes.js';
import { matchesPattern } from './string-pattern.js';

/** What filters of the gate published, and which of them have yet to. */
export interface MetadataFacts {
  readonly published: DynamicMetadata;
  readonly awaited: readonly string[];
}

/** Where a condition looks: at one key of one filter. Either is absent where the condition's own key is malformed. */
export interface MetadataPlace {
  readonly filter?: string;
  readonly key?: string;
}

/**
 * Whether one value of a condition matches what a filter published: `[v]` wants a list with an element that matches `v`, any other
 * value a text (reference section 3.3). What is absent, or of another type, matches nothing.
 */
export function matchesMetadata({ filter, key }: MetadataPlace, value: string, metadata: MetadataFacts | undefined): boolean {
  if (filter === undefined || key === undefined) return false;
  const published = member(member(metadata?.published, filter), key);
  const list = value.startsWith('[') && value.endsWith(']');
  const pattern = list ? withoutBrackets(value) : value;
  const candidates = list ? (isList(published) ? published : []) : [published];
  return candidates.some((each) => typeof each === 'string' && matchesPattern(pattern, each));
}

/** Whether a condition is about a filter that has yet to publish. */
export function isAwaited({ filter }: MetadataPlace, metadata: MetadataFacts | undefined): boolean {
  return filter !== undefined && metadata?.awaited.includes(filter) === true;
}

function member(object: JsonValue | DynamicMetadata | undefined, name: string): JsonValue | undefined {
  if (typeof object !== 'object' || object === null || isList(object) || !Object.hasOwn(object, name)) return undefined;
  return (object as DynamicMetadata)[name];
}

function isList(value: JsonValue | DynamicMetadata | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}

/** Every bracket at either end goes, as in Istio. */
function withoutBrackets(value: string): string {
  const isBracket = (at: number) => value[at] === '[' || value[at] === ']';
  let start = 0;
  let end = value.length;
  while (start < end && isBracket(start)) start += 1;
  while (end > start && isBracket(end - 1)) end -= 1;
  return value.slice(start, end);
}
