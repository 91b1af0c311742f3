const pathCharacters = "-._~%!$&'()+,;:@=*";

/** Whether a path value is a template: it holds `{*}` or `{**}` (reference section 1.4). */
export function isPathTemplate(value: string): boolean {
  return value.includes('{*}') || value.includes('{**}');
}

/**
 * Whether a whole path, without query, matches a template: `{*}` is one or more characters that a path segment may hold, `{**}`
 * any number of those and slashes (reference sections 0.4 and 1.4). Everything else is literal.
 */
export function matchesPathTemplate(template: string, path: string): boolean {
  // The set of places in the template that the path so far can have led to; one step per character keeps the cost linear.
  const parts = parseTemplate(template);
  let places = closure(parts, [0]);
  for (const char of path) {
    places = closure(parts, step(parts, places, char));
    if (places.size === 0) return false;
  }
  return places.has(parts.length);
}

/** A literal character, one wildcard character (`+` first of `{*}`), or a repetition that may be left at any time. */
type Part = { readonly literal: string } | { readonly wildcard: 'segment' | 'path'; readonly repeats: boolean };

function parseTemplate(template: string): readonly Part[] {
  const parts: Part[] = [];
  for (let at = 0; at < template.length; at++) {
    if (template.startsWith('{**}', at)) {
      parts.push({ wildcard: 'path', repeats: true });
      at += 3;
    } else if (template.startsWith('{*}', at)) {
      parts.push({ wildcard: 'segment', repeats: false }, { wildcard: 'segment', repeats: true });
      at += 2;
    } else parts.push({ literal: template.charAt(at) });
  }
  return parts;
}

function closure(parts: readonly Part[], places: Iterable<number>): Set<number> {
  const all = new Set<number>();
  for (const start of places) {
    let place = start;
    all.add(place);
    for (let part = parts[place]; part !== undefined && 'wildcard' in part && part.repeats; part = parts[place]) all.add(++place);
  }
  return all;
}

function* step(parts: readonly Part[], places: ReadonlySet<number>, char: string): Generator<number> {
  for (const place of places) {
    const part = parts[place];
    if (part === undefined) continue;
    if ('literal' in part) {
      if (part.literal === char) yield place + 1;
    } else if (isWildcardCharacter(char) || (part.wildcard === 'path' && char === '/')) yield part.repeats ? place : place + 1;
  }
}

function isWildcardCharacter(char: string): boolean {
  return (
    (char >= 'a' && char <= 'z') || (char >= 'A' && char <= 'Z') || (char >= '0' && char <= '9') || pathCharacters.includes(char)
  );
}
