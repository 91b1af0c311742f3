import type { JsonObject, JsonValue } from './attributes.js';

/** The texts at a path of claims: one, or those of a list. Numbers and booleans are none (reference section 3.6). */
export function claimTexts(claims: JsonObject, path: readonly string[]): readonly string[] {
  const value = claimAt(claims, path);
  if (typeof value === 'string') return [value];
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];
}

/** The claim at a path; undefined where there is none. */
export function claimAt(claims: JsonObject, path: readonly string[]): JsonValue | undefined {
  let value: JsonValue | undefined = claims;
  for (const name of path) {
    if (!isObject(value) || !Object.hasOwn(value, name)) return undefined;
    value = value[name];
  }
  return value;
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
