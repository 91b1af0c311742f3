import { describe, expect, it } from 'vitest';
import { isForbiddenAddress, resolveChecked } from '../../src/socket/checked-address.js';

describe('a passthrough', () => {
  it.each([
    '127.0.0.1',
    '127.255.255.254',
    '0.0.0.0',
    '169.254.169.254',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::127.0.0.1',
    '::ffff:127.0.0.1',
    '::ffff:8.8.8.8',
    '64:ff9b::7f00:1',
    '2002:7f00:1::',
    'fe80::1',
    'fe80::1%eth0',
    'ff02::1',
    'not an address',
  ])('never dials %s', (address) => {
    expect(isForbiddenAddress(address)).toBe(true);
  });

  it.each(['8.8.8.8', '10.0.0.1', '192.168.1.1', '2001:db8::1', 'fd00::1'])('may dial %s', (address) => {
    expect(isForbiddenAddress(address)).toBe(false);
  });

  it('checks what a name leads to, not the name', async () => {
    await expect(resolveChecked('localhost', () => false)).rejects.toThrow('which no passthrough dials');
    // Forms that only the system's resolver takes for addresses.
    await expect(resolveChecked('127.1', () => false)).rejects.toThrow();
    await expect(resolveChecked('0x7f000001', () => false)).rejects.toThrow();
  });

  it('dials no address that the caller forbids', async () => {
    await expect(resolveChecked('10.0.0.1', (address) => address === '10.0.0.1')).rejects.toThrow('10.0.0.1');
    expect(await resolveChecked('10.0.0.2', (address) => address === '10.0.0.1')).toEqual(['10.0.0.2']);
  });
});
