/** The values of all cookies of a name in the lines of `cookie`, in their order, without their quotes. */
export function cookiesNamed(lines: readonly string[], name: string): readonly string[] {
  return lines.flatMap((line) =>
    line.split(';').flatMap((pair) => {
      const cookie = readCookie(pair);
      return cookie?.name === name ? [unquoted(cookie.value)] : [];
    }),
  );
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
