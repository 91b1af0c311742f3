import { type IpAddress, readIpAddress, unmapped } from '../../reference/ip-range.js';

const zero = 0x30;
const dot = 0x2e;

/** An address as policy sees it, IPv4-mapped ones as IPv4; undefined for a text that is none. */
export function readAddress(text: string): IpAddress | undefined {
  const ipv4 = readIpv4(text);
  if (ipv4 >= 0) return { bits: 32, value: BigInt(ipv4) };
  const address = readIpAddress(text);
  return address === undefined ? undefined : unmapped(address);
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
