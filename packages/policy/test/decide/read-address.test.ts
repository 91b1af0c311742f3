import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readAddress } from '../../src/decide/facts/read-address.js';
import { readIpAddress, unmapped } from '../../src/reference/ip-range.js';

describe('readAddress', () => {
  it('reads what the interpreter reads, IPv4-mapped addresses as IPv4', () => {
    const odd = fc.string({ unit: fc.constantFrom('0', '1', '2', '5', '.', '-', ' '), maxLength: 16 });
    const mapped = fc.ipV4().map((text) => `::ffff:${text}`);
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV4Extended(), fc.ipV6(), odd, mapped), (text) => {
        const address = readIpAddress(text);
        expect(readAddress(text)).toEqual(address && unmapped(address));
      }),
    );
  });
});
