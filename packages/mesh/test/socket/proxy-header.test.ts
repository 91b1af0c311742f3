import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { proxyHeaderOf, readProxyHeader } from '../../src/socket/proxy-header.js';
import { readAll } from '../support/await-event.js';
import { versionTwo } from '../support/proxy-headers.js';

const ipv4 = [203, 0, 113, 9, 10, 0, 0, 1, 0x1f, 0x90, 0x00, 0x50];
const ipv6 = [0x20, 0x01, 0x0d, 0xb8, ...Array(11).fill(0), 9, ...Array(15).fill(0), 1, 0x1f, 0x90, 0x00, 0x50];
const client = (address: string, port = 8080) => ({ kind: 'client', client: { address, port } });
const itself = { kind: 'proxy-itself' };
const read = (bytes: Buffer | string) => readProxyHeader(Buffer.from(bytes as string, 'latin1'));

/** Headers that are whole, with what they say. */
const whole: readonly (readonly [title: string, header: Buffer, found: object])[] = [
  ['version 1, IPv4', Buffer.from('PROXY TCP4 203.0.113.9 10.0.0.1 8080 80\r\n'), client('203.0.113.9')],
  ['version 1, IPv6', Buffer.from('PROXY TCP6 2001:db8::9 ::1 8080 80\r\n'), client('2001:db8::9')],
  [
    'version 1, an IPv4 address written as IPv6, which is the IPv4 address',
    Buffer.from('PROXY TCP6 ::ffff:203.0.113.9 ::1 8080 80\r\n'),
    client('203.0.113.9'),
  ],
  ['version 1, UNKNOWN', Buffer.from('PROXY UNKNOWN\r\n'), itself],
  ['version 1, UNKNOWN with addresses, which are ignored', Buffer.from('PROXY UNKNOWN ffff::1 ::1 1 2\r\n'), itself],
  ['version 2, IPv4', versionTwo(0x21, 0x11, ipv4), client('203.0.113.9')],
  ['version 2, IPv6', versionTwo(0x21, 0x21, ipv6), client('2001:db8::9')],
  [
    'version 2, with TLVs behind the addresses',
    versionTwo(0x21, 0x11, [...ipv4, 0x04, 0, 1, 0, 0xea, 0, 0]),
    client('203.0.113.9'),
  ],
  ['version 2, LOCAL', versionTwo(0x20, 0x00, []), itself],
  ['version 2, LOCAL with addresses, which are ignored', versionTwo(0x20, 0x11, ipv4), itself],
  ['version 2, UNSPEC', versionTwo(0x21, 0x00, []), itself],
  ['version 2, UNSPEC with something behind it', versionTwo(0x21, 0x00, [1, 2, 3]), itself],
];

describe('a PROXY header', () => {
  it.each(whole)('of %s is taken, and nothing behind it', (_, header, found) => {
    expect(read(header)).toEqual({ found, taken: header.length });
    expect(readProxyHeader(Buffer.concat([header, Buffer.from('GET / HTTP/1.1\r\n')]))).toEqual({ found, taken: header.length });
  });

  it.each(whole)('of %s is waited for to its last byte', (_, header) => {
    for (let length = 1; length < header.length; length++) expect(readProxyHeader(header.subarray(0, length))).toBeUndefined();
  });

  it.each([
    ['no header at all', 'GET / HTTP/1.1\r\n'],
    ['its own beginning in another case', 'proxy TCP4 1.2.3.4 5.6.7.8 1 2\r\n'],
    ['an unknown protocol', 'PROXY UDP4 1.2.3.4 5.6.7.8 1 2\r\n'],
    ['an address of the other family', 'PROXY TCP4 ::1 ::1 1 2\r\n'],
    ['an address with a zone', 'PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n'],
    ['an address that is none', 'PROXY TCP4 1.2.3.256 5.6.7.8 1 2\r\n'],
    ['an address with leading zeros, which some read as octal', 'PROXY TCP4 010.2.3.4 5.6.7.8 1 2\r\n'],
    ['a bad destination', 'PROXY TCP4 1.2.3.4 web 1 2\r\n'],
    ['a port beyond 65535', 'PROXY TCP4 1.2.3.4 5.6.7.8 65536 2\r\n'],
    ['a signed port', 'PROXY TCP4 1.2.3.4 5.6.7.8 +1 2\r\n'],
    ['a port with a leading zero', 'PROXY TCP4 1.2.3.4 5.6.7.8 01 2\r\n'],
    ['a missing port', 'PROXY TCP4 1.2.3.4 5.6.7.8 1\r\n'],
    ['too many words', 'PROXY TCP4 1.2.3.4 5.6.7.8 1 2 3\r\n'],
    ['two blanks', 'PROXY TCP4  1.2.3.4 5.6.7.8 1 2\r\n'],
    ['a line feed alone', `PROXY TCP4 1.2.3.4 5.6.7.8 1 2\n${'x'.repeat(100)}`],
    ['a line without end', `PROXY UNKNOWN ${'x'.repeat(200)}`],
    ['version 3', versionTwo(0x31, 0x11, ipv4)],
    ['an unknown command', versionTwo(0x22, 0x11, ipv4)],
    ['UDP', versionTwo(0x21, 0x12, ipv4)],
    ['a UNIX socket', versionTwo(0x21, 0x31, Array(216).fill(0))],
    ['too few bytes for IPv4', versionTwo(0x21, 0x11, ipv4.slice(1))],
    ['too few bytes for IPv6', versionTwo(0x21, 0x21, ipv6.slice(1))],
    ['a length that nobody would hold', versionTwo(0x21, 0x11, Array(16_381).fill(0))],
  ])('with %s is malformed', (_, bytes) => {
    expect(read(bytes as string)).toMatchObject({ found: { kind: 'malformed' }, taken: 0 });
  });

  it('is read alike however it is cut into segments', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...whole), fc.array(fc.nat(40), { maxLength: 6 }), async ([, header, found], cuts) => {
        const stream = new PassThrough();
        const answer = proxyHeaderOf(stream, 10_000);
        const bytes = Buffer.concat([header, Buffer.from('the rest')]);
        let at = 0;
        for (const cut of [...cuts, bytes.length]) {
          const piece = bytes.subarray(at, at + cut);
          if (piece.length > 0) stream.write(piece);
          at += cut;
        }
        stream.end();
        expect(await answer).toEqual(found);
        expect(await readAll(stream)).toBe('the rest');
      }),
    );
  });

  it('of any bytes is found, malformed or waited for, and never holds more than it may', () => {
    fc.assert(
      fc.property(fc.constantFrom('', 'PROXY ', '\r\n\r\n\0\r\nQUIT\n'), fc.uint8Array({ maxLength: 300 }), (start, rest) => {
        const bytes = Buffer.concat([Buffer.from(start, 'latin1'), rest]);
        const known = readProxyHeader(bytes);
        if (known !== undefined) expect(known.taken).toBeLessThanOrEqual(bytes.length);
      }),
    );
    expect(readProxyHeader(Buffer.alloc(20_000, 'PROXY '))).toBeDefined();
  });

  it.each([
    ['ends', (stream: PassThrough) => stream.end('PROXY')],
    ['is silent', () => undefined],
  ])('of a connection that %s before it is whole is malformed', async (_, act) => {
    const stream = new PassThrough();
    act(stream);
    expect(await proxyHeaderOf(stream, 20)).toMatchObject({ kind: 'malformed' });
  });
});
