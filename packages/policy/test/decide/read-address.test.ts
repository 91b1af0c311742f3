import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readAddress } from '../../src/decide/facts/read-address.js';
import { readIpAddress, unmapped } from '../../src/reference/ip-range.js';

describe('readAddress', () => {
  it('reads what the interpreter reads, IPv4-mapped addresses as IPv4', () => {
    const odd = fc.string({ unit: fc.constantFrom('0', '1', '2', '5', '.', '-', ' '), maxLength: 16 });
    const groups = fc.string({ unit: fc.constantFrom('0', 'f', 'Fa', ':', '::', '1.2', '.', 'g', '%'), maxLength: 12 });
    const mapped = fc.ipV4().map((text) => `::ffff:${text}`);
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV4Extended(), fc.ipV6(), odd, groups, mapped), (text) => {
        const address = readIpAddress(text);
        const read = readAddress(text);
        expect(read && { bits: read.bits, value: read.value }).toEqual(address && unmapped(address));
      }),
      { numRuns: 5000 },
    );
  });
});
