/**
 * Whether `text` matches a policy's string: `*` alone is any non-empty text, else a leading `*` is a suffix, else a trailing
 * `*` a prefix, else the whole text (reference section 3.2). A star in any other place is a star.
 */
export function matchesPattern(pattern: string, text: string): boolean {
  if (pattern === '*') return text !== '';
  if (pattern.startsWith('*')) return text.endsWith(pattern.slice(1));
  if (pattern.endsWith('*')) return text.startsWith(pattern.slice(0, -1));
  return text === pattern;
}

/** As `matchesPattern`, but `*` matches an empty text too: how a header is asked for (reference section 3.2). */
export function matchesPresentPattern(pattern: string, text: string): boolean {
  return pattern === '*' || matchesPattern(pattern, text);
}

/** ASCII letters in lower case; everything else, and so every other alphabet, as it is. */
export function lowerAscii(text: string): string {
  if (!hasUpperCase(text)) return text;
  let lower = '';
  for (const char of text) lower += char >= 'A' && char <= 'Z' ? char.toLowerCase() : char;
  return lower;
}

function hasUpperCase(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code >= 0x41 && code <= 0x5a) return true;
  }
  return false;
}
