import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { greetingOf } from '../../src/l7/server-name.js';
import { readGreeting } from '../../src/socket/client-hello.js';
import { extension, helloMessage, realHello, records, serverName } from '../support/client-hellos.js';

const read = (bytes: Buffer) => readGreeting(bytes)?.found;
const named = (name: string) => ({ kind: 'hello', serverName: name });

describe('the greeting of a TLS client', () => {
  it('of Node.js tells the name it asks for, and what comes behind it does not matter', async () => {
    const hello = await realHello('shop.example');
    expect(read(hello)).toEqual(named('shop.example'));
    expect(read(Buffer.concat([hello, Buffer.from([20, 3, 3, 0, 1, 1]), Buffer.from('early data')]))).toEqual(
      named('shop.example'),
    );
    expect(readGreeting(hello)?.taken).toBe(0);
  });

  it('is waited for to its last byte', async () => {
    const hello = await realHello('shop.example');
    for (let length = 1; length < hello.length; length++) expect(read(hello.subarray(0, length))).toBeUndefined();
  });

  it('may be spread over records', () => {
    const message = helloMessage([serverName('shop.example')]);
    for (const size of [2, 3, 50, message.length - 1]) expect(read(records(message, size))).toEqual(named('shop.example'));
  });

  it('has its name in lower case', () => {
    expect(read(records(helloMessage([serverName('Shop.EXAMPLE')])))).toEqual(named('shop.example'));
  });

  it('may have extensions and ciphers that nobody knows, wherever they stand', () => {
    const grease = [extension(0x0a0a, Buffer.alloc(0)), serverName('shop.example'), extension(0xfafa, Buffer.from([0]))];
    expect(read(records(helloMessage(grease, { suites: [0x0a, 0x0a, 0x13, 0x01] })))).toEqual(named('shop.example'));
  });

  it('with an encrypted one inside tells the name that is shown to everybody', () => {
    const outer = extension(0xfe0d, Buffer.concat([Buffer.from([0, 0, 1, 0, 1, 7, 0, 0, 0, 4]), Buffer.alloc(4)]));
    expect(read(records(helloMessage([serverName('public.example'), outer])))).toEqual(named('public.example'));
  });

  it.each([
    ['no extensions', helloMessage()],
    ['other extensions only', helloMessage([extension(16, Buffer.from([0, 3, 2, 0x68, 0x32]))])],
  ])('with %s asks for no name', (_, message) => {
    expect(read(records(message))).toEqual({ kind: 'hello' });
  });

  it.each([
    ['HTTP', Buffer.from('GET / HTTP/1.1\r\n')],
    ['an alert', Buffer.from([21, 3, 3, 0, 2, 2, 40])],
  ])('is not there in %s', (_, bytes) => {
    expect(read(bytes)).toEqual({ kind: 'other' });
  });

  const hello = helloMessage([serverName('a.example')]);
  const patched = (at: number, value: number) => {
    const copy = Buffer.from(hello);
    copy.writeUInt8(value, at);
    return records(copy);
  };
  it.each([
    ['a record of no version', Buffer.from([22, 2, 0, 0, 1, 1])],
    ['an empty record', Buffer.from([22, 3, 1, 0, 0])],
    ['a record that is too long', Buffer.from([22, 3, 1, 0x40, 1])],
    ['another record inside', Buffer.concat([records(hello.subarray(0, 20)), Buffer.from([23, 3, 3, 0, 1, 0])])],
    ['another message', records(Buffer.concat([Buffer.from([2]), hello.subarray(1)]))],
    ['a message that is too long', records(Buffer.from([1, 0, 0x40, 1]))],
    ['far too many records', records(helloMessage([serverName('a'.repeat(60))]), 1)],
    ['an old version inside', patched(4, 2)],
    ['a session that is too long', patched(38, 33)],
    ['a length that leads past its end', patched(hello.length - 10, 0xff)],
    ['no ciphers', records(helloMessage([], { suites: [] }))],
    ['half a cipher', records(helloMessage([], { suites: [0x13] }))],
    [
      'something behind its extensions',
      records(Buffer.concat([Buffer.from([1, 0, 0, hello.length - 3]), hello.subarray(4), Buffer.from([0])])),
    ],
    ['two names', records(helloMessage([serverName('a.example'), serverName('b.example')]))],
    ['the same extension twice', records(helloMessage([extension(16, Buffer.alloc(0)), extension(16, Buffer.alloc(0))]))],
    ['a name of another kind', records(helloMessage([serverName('a.example', 1)]))],
    ['an empty name', records(helloMessage([serverName('')]))],
    ['an empty list of names', records(helloMessage([extension(0, Buffer.from([0, 0]))]))],
    ['a list with two names', records(helloMessage([extension(0, Buffer.from([0, 8, 0, 0, 1, 0x61, 0, 0, 1, 0x62]))]))],
    ['a name with NUL', records(helloMessage([serverName('a.example\0.b')]))],
    ['a name with a dot at its end', records(helloMessage([serverName('a.example.')]))],
    ['a name with two dots', records(helloMessage([serverName('a..example')]))],
    ['a name with letters beyond ASCII', records(helloMessage([serverName('b\u00fccher.example')]))],
    ['a name that is too long', records(helloMessage([serverName('a'.repeat(254))]))],
  ])('with %s is malformed', (_, bytes) => {
    expect(read(bytes)).toMatchObject({ kind: 'malformed' });
  });

  it('of any bytes is read, malformed or waited for, and never throws', async () => {
    const real = await realHello('shop.example');
    fc.assert(
      fc.property(fc.nat(real.length - 1), fc.nat(255), fc.nat(real.length), (at, value, length) => {
        const copy = Buffer.from(real);
        copy.writeUInt8(value, at);
        readGreeting(copy.subarray(0, length));
      }),
    );
    fc.assert(fc.property(fc.uint8Array(), (bytes) => void readGreeting(Buffer.concat([Buffer.from([22, 3, 1]), bytes]))));
  });

  it('stays in the stream, in whatever segments it comes', async () => {
    const bytes = Buffer.concat([records(helloMessage([serverName('shop.example')]), 30), Buffer.from('the rest')]);
    const stream = new PassThrough();
    const answer = greetingOf(stream, 10_000);
    for (const byte of bytes) stream.write(Buffer.from([byte]));
    stream.end();
    expect(await answer).toEqual(named('shop.example'));
    const got: Buffer[] = [];
    for await (const chunk of stream) got.push(chunk as Buffer);
    expect(Buffer.concat(got)).toEqual(bytes);
  });

  it.each([
    ['ends', (stream: PassThrough) => stream.end(Buffer.from([22, 3]))],
    ['is silent', (stream: PassThrough) => stream.write(Buffer.from([22, 3]))],
  ])('of a connection that %s before it is whole is malformed', async (_, act) => {
    const stream = new PassThrough();
    act(stream);
    expect(await greetingOf(stream, 20)).toMatchObject({ kind: 'malformed' });
  });
});
