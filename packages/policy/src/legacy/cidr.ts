import { type IpAddress, type IpRange, rangeHolds, readIpRange, unmapped } from '../reference/ip-range.js';

/** A question about one address. */
export type AddressTest = (address: IpAddress) => boolean;

/**
 * An address or prefix of a role or binding; undefined for a value that is none (legacy reference section 2.4). An IPv4-mapped address is read as
 * IPv4, and its prefix length is then at most 32.
 */
export function addressTest(value: string): AddressTest | undefined {
  const range = readIpRange(value);
  if (range === undefined) return undefined;
  const read = asIpv4(range);
  return (address) => rangeHolds(read, address);
}

function asIpv4({ address, length }: IpRange): IpRange {
  const plain = unmapped(address);
  return { address: plain, length: Math.min(length, plain.bits) };
}
