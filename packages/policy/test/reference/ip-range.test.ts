import { BlockList, isIP } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rangeHolds, readIpAddress, readIpRange, unmapped } from '../../src/reference/ip-range.js';

const holds = (range: string, address: string) => {
  const [read, ip] = [readIpRange(range), readIpAddress(address)];
  return read !== undefined && ip !== undefined && rangeHolds(read, unmapped(ip));
};

describe('readIpAddress', () => {
  it.each([
    '1.2.3',
    '1.2.3.4.5',
    '01.2.3.4',
    '256.0.0.1',
    '1.2.3.4 ',
    '',
    ':',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '12345::',
    'fe80::1%eth0',
    '::1.2.3',
    'g::',
  ])('refuses %j', (text) => {
    expect(readIpAddress(text)).toBeUndefined();
  });

  it('reads exactly what the platform reads, zones aside', () => {
    const parts = fc.array(fc.constantFrom('1', '0', '00', '255', '256', 'a', 'ffff', '1.2.3.4', ''), {
      minLength: 1,
      maxLength: 9,
    });
    fc.assert(
      fc.property(parts, fc.constantFrom('.', ':'), (pieces, separator) => {
        const text = pieces.join(separator);
        expect({ text, read: readIpAddress(text) !== undefined }).toEqual({ text, read: isIP(text) !== 0 });
      }),
      { numRuns: 3000 },
    );
  });
});

describe('rangeHolds', () => {
  it.each([
    ['10.0.0.0/8', '10.255.0.1', true],
    ['10.9.9.9/8', '10.1.1.1', true],
    ['10.0.0.0/8', '11.0.0.1', false],
    ['10.0.0.1', '10.0.0.1', true],
    ['10.0.0.1', '10.0.0.2', false],
    ['0.0.0.0/0', '255.1.2.3', true],
    ['::/0', '10.0.0.1', false],
    ['0.0.0.0/0', '2001:db8::1', false],
    ['10.0.0.0/8', '::ffff:10.0.0.1', true],
    ['::ffff:10.0.0.0/104', '::ffff:10.0.0.1', false],
    ['2001:db8::/32', '2001:db8:ffff::1', true],
    ['2001:DB8::', '2001:db8:0:0:0:0:0:0', true],
    ['10.0.0.0/33', '10.0.0.0', false],
    ['10.0.0.0/08', '10.0.0.0', false],
  ])('%s holds %s: %j', (range, address, expected) => {
    expect(holds(range, address)).toBe(expected);
  });

  it('agrees with the platform for every prefix length', () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.ipV4(), fc.integer({ min: 1, max: 32 }), (net, address, length) => {
        const list = new BlockList();
        list.addSubnet(net, length);
        return holds(`${net}/${length}`, address) === list.check(address);
      }),
    );
  });
});
