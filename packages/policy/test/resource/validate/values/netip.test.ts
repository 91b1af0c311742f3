import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAddress, parsePrefix } from '../../../../src/resource/validate/values/netip.js';

const accepted = (text: string): boolean => !('problem' in (text.includes('/') ? parsePrefix(text) : parseAddress(text)));

describe('an address', () => {
  it.each([
    '0.0.0.0',
    '10.0.0.7',
    '255.255.255.255',
    '::',
    '::1',
    '1::',
    'fd00::1:2',
    'FE80::ABCD',
    '1:2:3:4:5:6:7:8',
    '::2:3:4:5:6:7:8',
    '1:2:3:4:5:6:7::',
    '::ffff:10.0.0.1',
    '1:2:3:4:5:6:10.0.0.1',
    'fe80::1%eth0',
    'fe80::1%a%b',
    '::%0',
  ])('%s is read', (text) => {
    expect(accepted(text)).toBe(true);
  });

  it.each([
    '',
    'x',
    '*',
    'localhost',
    '10',
    '127.1',
    '10.0.0',
    '10.0.0.1.2',
    '10.0.0.',
    '.10.0.0',
    '10..0.1',
    '10.0.0.256',
    '10.0.0.0256',
    '010.0.0.1',
    '10.0.0.01',
    '0x7f.0.0.1',
    '10.0.0.-1',
    '10.0.0.+1',
    ' 10.0.0.1',
    '10.0.0.1 ',
    '10.0.0.1:80',
    '10.0.0.1%eth0',
    '%eth0',
    '[::1]',
    ':',
    ':::',
    '::1::',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7:8::',
    '1::2:3:4:5:6:7:8',
    '12345::',
    'g::',
    ':1',
    '1:',
    '::1%',
    '::10.0.0',
    '10.0.0.1::',
    '::10.0.0.1:1',
    '1:2:3:4:5:6:7:10.0.0.1',
    '::ffff:10.0.0.01',
    '::ffff:10.0.0.256',
  ])('"%s" is refused', (text) => {
    expect(accepted(text)).toBe(false);
  });
});

describe('a prefix', () => {
  it.each(['0.0.0.0/0', '10.0.0.5/8', '1.2.3.4/32', '::/0', 'fd00::/8', '::1/128', '::ffff:10.0.0.0/104'])(
    '%s is read',
    (text) => {
      expect(accepted(text)).toBe(true);
    },
  );

  it.each([
    '/8',
    '10.0.0.0/',
    '10.0.0.0/08',
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '10.0.0.0/+8',
    '10.0.0.0/255.0.0.0',
    '10.0.0.0/8/8',
    '10.0.0/8',
    'fd00::/129',
    'fe80::1%eth0/64',
    '10.0.0.0 /8',
    '10.0.0.0/ 8',
    '10.0.0.0/٨',
  ])('%s is refused', (text) => {
    expect(accepted(text)).toBe(false);
  });
});

describe('the grammar', () => {
  it('reads every address that was written out of numbers', () => {
    const octets = fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 4, maxLength: 4 }).map((parts) => parts.join('.'));
    const fields = fc
      .array(fc.integer({ min: 0, max: 0xffff }), { minLength: 8, maxLength: 8 })
      .map((parts) => parts.map((part) => part.toString(16)).join(':'));
    fc.assert(fc.property(fc.oneof(octets, fields), (text) => accepted(text)));
    fc.assert(fc.property(octets, fc.integer({ min: 0, max: 32 }), (text, bits) => accepted(`${text}/${bits}`)));
  });

  it('is total', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'019af:./%x ') }), (text) => typeof accepted(text) === 'boolean'),
      { numRuns: 2000 },
    );
  });
});
