import type { RequestEdits } from './attributes.js';
import type { HeaderLine } from './verdict.js';

/** Headers after the edits that the tokens of a request made necessary. */
export function editedHeaders(headers: readonly HeaderLine[], edits: RequestEdits | undefined): readonly HeaderLine[] {
  if (edits === undefined || edits.removed.length + edits.added.length === 0) return headers;
  const removed = new Set(edits.removed);
  return [...headers.filter(([name]) => !removed.has(name.toLowerCase())), ...edits.added];
}
