/** An IP address as a number of 32 or 128 bits. IPv4-mapped IPv6 stays IPv6 until it is unmapped. */
export interface IpAddress {
  readonly bits: 32 | 128;
  readonly value: bigint;
}

/** All addresses that share their first `length` bits. */
export interface IpRange {
  readonly address: IpAddress;
  readonly length: number;
}

/** Reads dotted decimal (no leading zeros) or IPv6 text without a zone; undefined for anything else. */
export function readIpAddress(text: string): IpAddress | undefined {
  return text.includes(':') ? readIpv6(text) : readIpv4(text);
}

/**
 * Reads a policy's IP value: an address, which is a range of one, or `ADDRESS/LENGTH`; undefined for anything else (reference
 * section 1.3, E23).
 */
export function readIpRange(text: string): IpRange | undefined {
  const slash = text.indexOf('/');
  const address = readIpAddress(slash < 0 ? text : text.slice(0, slash));
  if (address === undefined) return undefined;
  if (slash < 0) return { address, length: address.bits };
  const length = readDecimal(text.slice(slash + 1), 3);
  return length === undefined || length > address.bits ? undefined : { address, length };
}

/** Whether the range holds the address. Families never mix: `::/0` holds no IPv4 address (reference section 0.8). */
export function rangeHolds(range: IpRange, address: IpAddress): boolean {
  if (range.address.bits !== address.bits) return false;
  const shift = BigInt(address.bits - range.length);
  return range.address.value >> shift === address.value >> shift;
}

/** An IPv4-mapped IPv6 address as IPv4, any other as it is: how a socket's peer is read (reference section 0.8). */
export function unmapped(address: IpAddress): IpAddress {
  const mapped = address.bits === 128 && address.value >> 32n === 0xffffn;
  return mapped ? { bits: 32, value: address.value & 0xffffffffn } : address;
}

function readIpv4(text: string): IpAddress | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  let value = 0;
  for (const part of parts) {
    const byte = readDecimal(part, 3);
    if (byte === undefined || byte > 255) return undefined;
    value = value * 256 + byte;
  }
  return { bits: 32, value: BigInt(value) };
}

function readIpv6(text: string): IpAddress | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const head = readGroups(halves[0] ?? '', halves.length === 1);
  const tail = halves.length === 1 ? [] : readGroups(halves[1] ?? '', true);
  if (head === undefined || tail === undefined) return undefined;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  const groups = [...head, ...new Array<number>(missing).fill(0), ...tail];
  return { bits: 128, value: groups.reduce((value, group) => (value << 16n) | BigInt(group), 0n) };
}

/** The 16-bit groups of one side of `::`; dotted decimal may stand for the last two of the whole address. */
function readGroups(text: string, last: boolean): number[] | undefined {
  if (text === '') return [];
  const parts = text.split(':');
  const groups: number[] = [];
  for (const [index, part] of parts.entries()) {
    const dotted = last && index === parts.length - 1 && part.includes('.') ? readIpv4(part) : undefined;
    const group = readHexadecimal(part);
    if (dotted !== undefined) groups.push(Number(dotted.value >> 16n), Number(dotted.value & 0xffffn));
    else if (group !== undefined) groups.push(group);
    else return undefined;
  }
  return groups;
}

function readDecimal(text: string, digits: number): number | undefined {
  if (text.length === 0 || text.length > digits || (text.length > 1 && text.startsWith('0'))) return undefined;
  for (const char of text) if (char < '0' || char > '9') return undefined;
  return Number(text);
}

function readHexadecimal(text: string): number | undefined {
  if (text.length === 0 || text.length > 4) return undefined;
  for (const char of text) if (!'0123456789abcdefABCDEF'.includes(char)) return undefined;
  return Number.parseInt(text, 16);
}
