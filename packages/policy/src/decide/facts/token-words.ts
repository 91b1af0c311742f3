import type { JsonValue } from '../../verdict/attributes.js';

/** The first of the words that `authenticationMetadata` makes of a claim: of a list its first text, else what stands before the first space. */
export function firstWord(claim: JsonValue | undefined): string | undefined {
  if (typeof claim === 'string') return firstOf(claim);
  if (!Array.isArray(claim)) return undefined;
  const items: readonly JsonValue[] = claim;
  for (const item of items) if (typeof item === 'string') return item;
  return undefined;
}

function firstOf(text: string): string | undefined {
  let from = 0;
  while (text.charCodeAt(from) === space) from++;
  if (from === text.length) return undefined;
  const end = text.indexOf(' ', from);
  return text.slice(from, end < 0 ? text.length : end);
}

const space = 0x20;
