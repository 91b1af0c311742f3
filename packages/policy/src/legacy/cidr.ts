import { type IpRange, readIpRange, unmapped } from '../reference/ip-range.js';

/**
 * An address or prefix of a role or binding; undefined for a value that is none (legacy reference section 2.4). An IPv4-mapped address is read as
 * IPv4, and its prefix length is then at most 32.
 */
export function roleRange(value: string): IpRange | undefined {
  const range = readIpRange(value);
  return range && asIpv4(range);
}

function asIpv4({ address, length }: IpRange): IpRange {
  const plain = unmapped(address);
  return { address: plain, length: Math.min(length, plain.bits) };
}
