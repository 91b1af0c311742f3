/** An address as Go's `netip` reads it; only its family and zone matter to validation. */
export interface ParsedAddress {
  readonly family: 4 | 6;
  readonly zone: string | undefined;
}

/** Why a text is no address or prefix, in a few words. */
export interface AddressProblem {
  readonly problem: string;
}

/**
 * Reads an address by the rules of Go's `netip.ParseAddr`, which decide what upstream accepts: four decimal fields without leading
 * zeros, or IPv6 with at most one `::`, an embedded IPv4 tail and a zone.
 */
export function parseAddress(text: string): ParsedAddress | AddressProblem {
  for (const letter of text) {
    if (letter === '.') return parseIpv4(text) ?? { family: 4, zone: undefined };
    if (letter === ':') return parseIpv6(text);
    if (letter === '%') return { problem: 'there is no address before the zone' };
  }
  return { problem: 'an address has dots or colons' };
}

/** Reads a prefix by the rules of Go's `netip.ParsePrefix`: an address without zone, `/`, and a length without leading zeros. */
export function parsePrefix(text: string): ParsedAddress | AddressProblem {
  const slash = text.lastIndexOf('/');
  const address = parseAddress(text.slice(0, slash));
  if ('problem' in address) return address;
  if (address.zone !== undefined) return { problem: 'a prefix cannot have a zone' };
  const bits = text.slice(slash + 1);
  if (!/^(0|[1-9][0-9]*)$/.test(bits)) return { problem: `\`${bits}\` is not a prefix length` };
  const maximum = address.family === 4 ? 32 : 128;
  return Number(bits) <= maximum ? address : { problem: `the prefix length is at most ${maximum}` };
}

/** What is wrong with a dotted IPv4 address; undefined if nothing is. */
function parseIpv4(text: string): AddressProblem | undefined {
  const fields = text.split('.');
  if (fields.length !== 4) return { problem: 'an IPv4 address has four fields' };
  for (const field of fields) {
    if (!/^[0-9]+$/.test(field)) return { problem: `\`${field}\` is not a decimal number` };
    if (field.length > 1 && field.startsWith('0')) return { problem: `\`${field}\` has a leading zero` };
    if (field.length > 3 || Number(field) > 255) return { problem: `\`${field}\` is more than 255` };
  }
  return undefined;
}

function parseIpv6(text: string): ParsedAddress | AddressProblem {
  const percent = text.indexOf('%');
  const zone = percent === -1 ? undefined : text.slice(percent + 1);
  if (zone === '') return { problem: 'the zone is empty' };
  const problem = checkIpv6(percent === -1 ? text : text.slice(0, percent));
  return problem ?? { family: 6, zone };
}

function checkIpv6(text: string): AddressProblem | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return { problem: '`::` may stand once' };
  const [head = '', tail] = halves;
  const fields = [...fieldsOf(head), ...(tail === undefined ? [] : fieldsOf(tail))];
  const last = fields.at(-1);
  const embedded = last?.includes('.') === true;
  for (const field of embedded ? fields.slice(0, -1) : fields) {
    if (!/^[0-9a-fA-F]{1,4}$/.test(field)) return { problem: `\`${field}\` is not a field of one to four hexadecimal digits` };
  }
  if (embedded) {
    const problem = tail === '' ? { problem: 'an embedded IPv4 address stands at the end' } : parseIpv4(last);
    if (problem !== undefined) return problem;
  }
  const width = fields.length + (embedded ? 1 : 0);
  if (tail === undefined) return width === 8 ? undefined : { problem: 'an IPv6 address has eight fields' };
  return width < 8 ? undefined : { problem: '`::` stands for at least one field' };
}

function fieldsOf(text: string): string[] {
  return text === '' ? [] : text.split(':');
}
