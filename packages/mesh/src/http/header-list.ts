/** One header line; names are lower-case wherever a gate holds them. */
export type Header = readonly [name: string, value: string];

/** Header lines in the order of the wire, repeats kept, without pseudo headers. */
export type HeaderList = readonly Header[];

/** Reads Node's flat `[name, value, name, value, …]`, lower-casing names; pseudo headers stay out. */
export function headersFromRaw(raw: readonly string[]): Header[] {
  const headers: Header[] = [];
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = raw[at] as string;
    if (!name.startsWith(':')) {
      headers.push([name.toLowerCase(), raw[at + 1] as string]);
    }
  }
  return headers;
}

/**
 * The object form that Node's HTTP/2 writes: a repeated name becomes a list. Throws, by way of Node, where HTTP/2 knows a name as
 * single-valued and it is repeated.
 */
export function headersToObject(headers: HeaderList): Record<string, string | string[]> {
  const object: Record<string, string | string[]> = Object.create(null) as Record<string, string | string[]>;
  for (const [name, value] of headers) {
    const earlier = object[name];
    if (earlier === undefined) {
      object[name] = value;
    } else if (typeof earlier === 'string') {
      object[name] = [earlier, value];
    } else {
      earlier.push(value);
    }
  }
  return object;
}

/** All values of a header, in order; `name` is lower-case. */
export function headerValues(headers: HeaderList, name: string): string[] {
  return headers.filter((header) => header[0] === name).map((header) => header[1]);
}

/** The first value of a header; `name` is lower-case. */
export function firstHeader(headers: HeaderList, name: string): string | undefined {
  for (const header of headers) if (header[0] === name) return header[1];
  return undefined;
}

/** The comma-separated tokens of a header, all of its lines together, lower-case. */
export function headerTokens(headers: HeaderList, name: string): string[] {
  // Almost always: no array is made for nothing.
  if (firstHeader(headers, name) === undefined) return [];
  return headerValues(headers, name)
    .flatMap((value) => value.split(','))
    .map((token) => token.trim().toLowerCase())
    .filter((token) => token !== '');
}
