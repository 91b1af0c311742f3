import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HeaderField } from '../../src/http2/hpack/dynamic-table.js';
import { HpackDecoder } from '../../src/http2/hpack/hpack-decoder.js';
import { HpackEncoder } from '../../src/http2/hpack/hpack-encoder.js';
import { errorCode } from '../../src/http2/protocol.js';

const limits = { maxHeaderListSize: 65_536, maxHeaderFields: 100 };
const hex = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
const decoder = () => new HpackDecoder(limits);

describe('HPACK', () => {
  it('decodes the requests of RFC 7541 appendix C.3, which share a table', () => {
    const one = decoder();
    expect(one.decode(hex('8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d'))).toEqual([
      [':method', 'GET'],
      [':scheme', 'http'],
      [':path', '/'],
      [':authority', 'www.example.com'],
    ]);
    expect(one.decode(hex('8286 84be 5808 6e6f 2d63 6163 6865'))).toContainEqual(['cache-control', 'no-cache']);
    expect(one.decode(hex('8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65'))).toEqual([
      [':method', 'GET'],
      [':scheme', 'https'],
      [':path', '/index.html'],
      [':authority', 'www.example.com'],
      ['custom-key', 'custom-value'],
    ]);
  });

  it('decodes the Huffman-coded requests of appendix C.4', () => {
    const one = decoder();
    expect(one.decode(hex('8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff'))).toContainEqual([':authority', 'www.example.com']);
    expect(one.decode(hex('8286 84be 5886 a8eb 1064 9cbf'))).toContainEqual(['cache-control', 'no-cache']);
    expect(one.decode(hex('8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf'))).toContainEqual([
      'custom-key',
      'custom-value',
    ]);
  });

  it('evicts as in appendix C.6, whose table has 256 bytes', () => {
    const one = decoder();
    one.decode(hex('3fe1 01'));
    const first = one.decode(
      hex(
        '4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3',
      ),
    );
    expect(first).toEqual([
      [':status', '302'],
      ['cache-control', 'private'],
      ['date', 'Mon, 21 Oct 2013 20:13:21 GMT'],
      ['location', 'https://www.example.com'],
    ]);
    expect(one.decode(hex('4883 640e ffc1 c0bf'))).toEqual([
      [':status', '307'],
      ['cache-control', 'private'],
      ['date', 'Mon, 21 Oct 2013 20:13:21 GMT'],
      ['location', 'https://www.example.com'],
    ]);
  });

  it('decodes what it encodes, in one table, also while the table changes its size', () => {
    const text = fc.string({
      unit: fc.integer({ min: 0x20, max: 0xff }).map((code) => String.fromCharCode(code)),
      maxLength: 60,
    });
    const name = fc.oneof(fc.constantFrom(':authority', ':method', ':status', 'baggage', 'traceparent', 'x'), text);
    const list = fc.array(fc.tuple(name, text), { maxLength: 8 });
    const step = fc.record({ list, table: fc.option(fc.nat(5000), { nil: undefined }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        const [from, to] = [new HpackEncoder(), decoder()];
        for (const { list: fields, table } of steps) {
          if (table !== undefined) from.limitTable(table);
          expect(to.decode(from.encode(fields))).toEqual(fields);
        }
      }),
    );
  });

  it('says what comes again in a byte', () => {
    const encoder = new HpackEncoder();
    const fields: HeaderField[] = [
      [':method', 'CONNECT'],
      [':authority', '10.0.0.1:80'],
      ['baggage', 'k8s.namespace.name=default'],
    ];
    encoder.encode(fields);
    expect(encoder.encode(fields)).toHaveLength(3);
  });

  const broken: readonly (readonly [string, string])[] = [
    ['index 0', '80'],
    ['an index that no entry has', 'be'],
    ['a name that no entry has', '7e 00'],
    ['an integer that is cut off', 'ff'],
    ['an integer without end', 'ff 80 80 80 80 80 80 80 80 00'],
    ['an integer beyond all sizes', 'ff ff ff ff ff 0f'],
    ['a string that is cut off', '40 05 61 62'],
    ['a field without a value', '40 01 61'],
    ['a table larger than was allowed', '3f e2 1f'],
    ['a table that changes its size after a field', '82 3f e1 01'],
    ['padding of eight bits', '40 01 61 82 1f ff'],
    ['padding that is not all ones', '40 01 61 81 18'],
    ['an end of string inside a string', '40 01 61 84 ff ff ff ff'],
  ];
  for (const [what, block] of broken) {
    it(`refuses ${what}`, () => {
      expect(() => decoder().decode(hex(block))).toThrow(expect.objectContaining({ code: errorCode.compressionError }));
    });
  }

  it('gives up a list that grows by references, long before it is large', () => {
    const one = decoder();
    const value = 'v'.repeat(3900);
    one.decode(Buffer.concat([hex('40 01 61 7f bd 1d'), Buffer.from(value)]));
    expect(() => one.decode(Buffer.alloc(60_000, 0xbe))).toThrow(expect.objectContaining({ code: errorCode.enhanceYourCalm }));
  });

  it('gives up a list with too many fields', () => {
    expect(decoder().decode(Buffer.alloc(100, 0x82))).toHaveLength(100);
    expect(() => decoder().decode(Buffer.alloc(101, 0x82))).toThrow(expect.objectContaining({ code: errorCode.enhanceYourCalm }));
  });

  it('never throws anything but an error of the protocol, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          decoder().decode(Buffer.from(bytes));
        } catch (error) {
          expect(error).toMatchObject({ name: 'ConnectionError' });
        }
      }),
    );
  });
});
