import fc from 'fast-check';
import { expect, test } from 'vitest';
import { AddressPlan } from '../../src/addresses/address-plan.js';

test('the same mesh gives the same names the same addresses, in whatever order they come', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.string(), { maxLength: 20 }), fc.string(), (names, mesh) => {
      const forth = new AddressPlan(mesh);
      const back = new AddressPlan(mesh);
      const addresses = names.map((name) => forth.address('workload', name));
      const reversed = [...names].reverse().map((name) => back.address('workload', name));
      expect(reversed.reverse()).toEqual(addresses);
    }),
  );
});

test('no two names share an address, and none is where other software lives', () => {
  const plan = new AddressPlan('mesh');
  const addresses = Array.from({ length: 20_000 }, (_, index) => plan.address('workload', `default/w${index}`));
  expect(new Set(addresses).size).toBe(addresses.length);
  for (const address of addresses) expect(address).toMatch(/^127\.([1-9]\d*)\.\d+\.([1-9]\d*)$/);
  expect(addresses.some((address) => address.endsWith('.255'))).toBe(false);
});

test('roles of one name and meshes with the same names have addresses of their own', () => {
  const plan = new AddressPlan('one');
  expect(plan.address('workload', 'a')).not.toBe(plan.address('application', 'a'));
  expect(plan.address('workload', 'a')).not.toBe(new AddressPlan('two').address('workload', 'a'));
});

test('what was kept is given again, and not to another name', () => {
  const first = new AddressPlan('mesh');
  const derived = first.address('workload', 'b');
  const later = new AddressPlan('mesh', { 'workload a': derived });
  expect(later.address('workload', 'a')).toBe(derived);
  expect(later.address('workload', 'b')).not.toBe(derived);
  expect(new AddressPlan('mesh', later.kept()).address('workload', 'b')).toBe(later.address('workload', 'b'));
});
