import { expect, test } from 'vitest';
import { createAddressBook } from '../../src/addresses/address-book.js';

const book = createAddressBook({
  workloads: [
    {
      key: 'default/a',
      policyAddresses: ['10.0.0.1', 'fd00::1'],
      socketAddress: '127.1.1.1',
      gated: true,
      applicationAddress: '127.2.2.2',
    },
    { key: 'default/b', policyAddresses: ['10.0.0.1'], socketAddress: '127.1.1.2', gated: false },
  ],
  shiftedPorts: [80],
  isolated: false,
  proxyCredentials: { 'default/a': { username: 'u', password: 'p' } },
});

test('policy and socket addresses stand for each other', () => {
  expect(book.socketAddress('10.0.0.1')).toBe('127.1.1.1');
  expect(book.socketAddress('fd00::1')).toBe('127.1.1.1');
  expect(book.socketAddress('10.0.0.9')).toBeUndefined();
  expect(book.policyAddress('127.1.1.1')).toBe('10.0.0.1');
  expect(book.policyAddress('127.0.0.1')).toBe('127.0.0.1');
});

test('only what runs has an application address, and only what has a gate is a gate address', () => {
  expect(book.applicationAddress('default/a')).toBe('127.2.2.2');
  expect(book.applicationAddress('default/b')).toBeUndefined();
  expect(book.isGateAddress('127.1.1.1')).toBe(true);
  expect(book.isGateAddress('127.1.1.2')).toBe(false);
});

test('a port that may not be opened is served ten thousand above', () => {
  expect(book.socketPort(80)).toBe(10_080);
  expect(book.socketPort(8080)).toBe(8080);
});

test('credentials are those of the book, and no other', () => {
  expect(book.proxyCredential('default/a')).toEqual({ username: 'u', password: 'p' });
  expect(book.proxyCredential('default/b')).toBeUndefined();
  expect(book.proxyCredential('toString')).toBeUndefined();
});
