import { type IpAddress, rangeHolds, readIpAddress, readIpRange } from '../../reference/ip-range.js';
import { onePerClass } from './text-classes.js';

const elsewhere = '203.0.113.77';

/** One address for each class that ranges tell apart: the first and last of each, and their neighbours. */
export function addressClasses(ranges: Iterable<string>): readonly string[] {
  const read = [...ranges].flatMap((text) => readIpRange(text) ?? []);
  const candidates = read.flatMap(({ address, length }) => {
    const size = 1n << BigInt(address.bits - length);
    const first = (address.value / size) * size;
    const numbers = [first, first + size - 1n, first - 1n, first + size];
    return numbers.filter((value) => value >= 0n && value < 1n << BigInt(address.bits)).map((value) => ({ ...address, value }));
  });
  const other = readIpAddress(elsewhere);
  const all = other === undefined ? candidates : [...candidates, other];
  return onePerClass(all, (address) => read.map((range) => rangeHolds(range, address))).map(textOf);
}

function textOf({ bits, value }: IpAddress): string {
  const [size, separator, base] = bits === 32 ? ([8n, '.', 10] as const) : ([16n, ':', 16] as const);
  const parts: string[] = [];
  for (let shift = BigInt(bits) - size; shift >= 0n; shift -= size)
    parts.push(((value >> shift) & ((1n << size) - 1n)).toString(base));
  return parts.join(separator);
}
