import { WordAddress } from '../../compile/classify/word-address.js';
import { readIpAddress, unmapped } from '../../reference/ip-range.js';

const zero = 0x30;
const dot = 0x2e;
const colon = 0x3a;

/** An address as policy sees it, IPv4-mapped ones as IPv4; undefined for a text that is none. */
export function readAddress(text: string): WordAddress | undefined {
  const ipv4 = readIpv4(text);
  if (ipv4 >= 0) return new WordAddress(32, ipv4);
  return readGroups(text) ?? readSlowly(text);
}

/** What is written in another way, such as with the last words in decimal, or is no address. */
function readSlowly(text: string): WordAddress | undefined {
  const address = readIpAddress(text);
  return address === undefined ? undefined : WordAddress.from(unmapped(address));
}

/** Dotted decimal without leading zeros, as a number; -1 for any other text. */
function readIpv4(text: string): number {
  if (text.length > 15) return -1;
  let address = 0;
  let part = -1;
  let parts = 0;
  for (let at = 0; at <= text.length; at++) {
    const code = at < text.length ? text.charCodeAt(at) : dot;
    if (code === dot) {
      if (part < 0 || ++parts > 4) return -1;
      address = address * 256 + part;
      part = -1;
    } else {
      const digit = code - zero;
      if (digit < 0 || digit > 9 || part === 0) return -1;
      part = part < 0 ? digit : 10 * part + digit;
      if (part > 255) return -1;
    }
  }
  return parts === 4 ? address : -1;
}

const groups = new Uint16Array(8);

/** Groups of hexadecimal digits, once perhaps with `::`, and not of an address of IPv4; undefined for any other text. */
function readGroups(text: string): WordAddress | undefined {
  let count = 0;
  let gap = text.startsWith('::') ? 0 : -1;
  for (let at = gap === 0 ? 2 : 0; at < text.length; ) {
    const from = at;
    let group = 0;
    for (let digit = digitAt(text, at); digit >= 0; digit = digitAt(text, ++at)) group = 16 * group + digit;
    if (at === from || at > from + 4 || count === 8) return undefined;
    groups[count++] = group;
    if (at === text.length) break;
    if (text.charCodeAt(at) !== colon || ++at === text.length) return undefined;
    if (text.charCodeAt(at) !== colon) continue;
    if (gap >= 0) return undefined;
    gap = count;
    at++;
  }
  if (gap < 0 ? count !== 8 : count === 8) return undefined;
  if (gap >= 0) {
    groups.copyWithin(8 - (count - gap), gap, count);
    groups.fill(0, gap, 8 - (count - gap));
  }
  const isMapped = word(0) === 0 && word(2) === 0 && word(4) === 0xffff;
  return isMapped ? new WordAddress(32, word(6)) : new WordAddress(128, word(0), word(2), word(4), word(6));
}

function word(at: number): number {
  return (groups[at] ?? 0) * 65536 + (groups[at + 1] ?? 0);
}

/** The value of a hexadecimal digit; -1 where there is none. */
function digitAt(text: string, at: number): number {
  if (at >= text.length) return -1;
  const code = text.charCodeAt(at);
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
