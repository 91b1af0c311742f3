import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Intervals } from '../../../src/compile/classify/intervals.js';
import { type IpRange, rangeHolds, readIpAddress, readIpRange } from '../../../src/reference/ip-range.js';
import { placesWhere, reported } from './reported.js';

const edges = ['0.0.0.0', '255.255.255.255', '::', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', '::ffff:10.0.0.1', '::1:0:0'];
const near = fc.integer({ min: 0, max: 3 }).map((last) => `10.0.${last}.${last * 85}`);
const address = fc.oneof(
  fc.ipV4(),
  near,
  fc.constantFrom(...edges),
  fc.ipV6().filter((text) => readIpAddress(text) !== undefined),
);
const range = fc
  .tuple(address, fc.nat({ max: 128 }))
  .map(([text, length]) => readIpRange(`${text}/${text.includes(':') ? length : length % 33}`))
  .filter((each): each is IpRange => each !== undefined);

describe('Intervals', () => {
  it('finds the ranges that hold an address, of both families in one order', () => {
    fc.assert(
      fc.property(fc.array(range, { maxLength: 20 }), fc.array(address, { maxLength: 10 }), (ranges, addresses) => {
        const intervals = new Intervals();
        for (const [question, each] of ranges.entries()) intervals.add(each, question);
        intervals.finish();
        for (const text of addresses) {
          const subject = readIpAddress(text);
          if (subject === undefined) throw new Error(text);
          const found = reported((hits) => intervals.report(intervals.scan(subject), hits));
          expect(found).toEqual(placesWhere(ranges, (each) => rangeHolds(each, subject)));
        }
      }),
    );
  });
});
