import { matchesPattern } from '../../reference/string-pattern.js';

const other = 'other';

/** One text for each class of texts that the patterns tell apart: what matches exactly, nearly, by its beginning or end, in other capitals, or not. */
export function textClasses(patterns: Iterable<string>, extra: readonly string[] = []): readonly string[] {
  const all = [...patterns];
  const candidates = [...all.flatMap(candidatesFor), ...extra, other];
  const cores = all.map((pattern) => pattern.toLowerCase());
  return onePerClass(candidates, (text) =>
    all
      .flatMap((pattern, index) => [
        matches(pattern, text),
        matches(cores[index] ?? '', text.toLowerCase()),
        matches(pattern, beforeQuery(text)),
      ])
      .concat(text === '', text.includes('?')),
  );
}

/** The first of the candidates for each answer to all questions. */
export function onePerClass<Value>(
  candidates: readonly Value[],
  answers: (value: Value) => readonly boolean[],
): readonly Value[] {
  const classes = new Map<string, Value>();
  for (const candidate of candidates) {
    const key = answers(candidate).map(Number).join('');
    if (!classes.has(key)) classes.set(key, candidate);
  }
  return [...classes.values()];
}

function candidatesFor(pattern: string): readonly string[] {
  const core = pattern.replace(/^\*/, '').replace(/\*$/, '');
  const swapped = [...core].map((each) => (each === each.toLowerCase() ? each.toUpperCase() : each.toLowerCase())).join('');
  return [core, `${core}x`, `x${core}`, `x${core}x`, core.slice(0, -1), core.slice(1), swapped, pattern].filter(
    (text) => text !== '',
  );
}

function matches(pattern: string, text: string): boolean {
  return pattern === '*' || matchesPattern(pattern, text);
}

function beforeQuery(text: string): string {
  return text.split('?', 1)[0] ?? text;
}
