/** The value of the first cookie of a name in the lines of `cookie`, without its quotes; undefined where there is none. */
export function firstCookie(lines: readonly string[], name: string): string | undefined {
  for (const line of lines) {
    for (const pair of line.split(';')) {
      const cookie = readCookie(pair);
      if (cookie?.name === name) return unquoted(cookie.value);
    }
  }
  return undefined;
}

/** The lines of `cookie` without any cookie of a name; a line that holds no other is left out. */
export function withoutCookie(lines: readonly string[], name: string): readonly string[] {
  return lines.flatMap((line) => {
    const pairs = line.split(';');
    const kept = pairs.filter((pair) => readCookie(pair)?.name !== name);
    if (kept.length === pairs.length) return [line];
    return kept.length === 0 ? [] : [withoutLeadingSpaces(kept.join(';'))];
  });
}

function readCookie(pair: string): { readonly name: string; readonly value: string } | undefined {
  const equals = pair.indexOf('=');
  if (equals < 0) return undefined;
  return { name: withoutLeadingSpaces(pair.slice(0, equals)), value: pair.slice(equals + 1) };
}

function withoutLeadingSpaces(text: string): string {
  let start = 0;
  while (text[start] === ' ') start++;
  return text.slice(start);
}

function unquoted(value: string): string {
  return value.length >= 2 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value;
}
