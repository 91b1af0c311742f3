import { describe, expect, it } from 'vitest';
import { writeRequestHead, writeResponseHead } from '../../../src/http/message/write-head.js';
import { readByUs } from './our-reader.js';

const request = (text: string, pieces: readonly number[] = []) => readByUs(Buffer.from(text, 'latin1'), 'request', pieces);
const response = (text: string, method = 'GET') => readByUs(Buffer.from(text, 'latin1'), { method });

const refusedRequests: readonly (readonly [string, string])[] = [
  ['no method', ' / HTTP/1.1\r\n\r\n'],
  ['a method that nobody knows', 'FOO / HTTP/1.1\r\n\r\n'],
  ['two spaces before the target', 'GET  / HTTP/1.1\r\n\r\n'],
  ['a tab for a space', 'GET\t/ HTTP/1.1\r\n\r\n'],
  ['no protocol', 'GET /\r\n\r\n'],
  ['HTTP/2.0 in a request line', 'GET / HTTP/2.0\r\n\r\n'],
  ['a target beyond ASCII', 'GET /\xe4 HTTP/1.1\r\n\r\n'],
  ['an absolute target with user information', 'GET http://a@b/ HTTP/1.1\r\n\r\n'],
  ['an absolute target without authority', 'GET http:/// HTTP/1.1\r\n\r\n'],
  ['a header without a name', 'GET / HTTP/1.1\r\n: x\r\n\r\n'],
  ['a header without a colon', 'GET / HTTP/1.1\r\nx\r\n\r\n'],
  ['a header that begins with a space', 'GET / HTTP/1.1\r\n x: y\r\n\r\n'],
  ['DEL in a header', 'GET / HTTP/1.1\r\nx: \x7f\r\n\r\n'],
  ['an empty Content-Length', 'POST / HTTP/1.1\r\ncontent-length:\r\n\r\n'],
  ['a hexadecimal Content-Length', 'POST / HTTP/1.1\r\ncontent-length: 0x1\r\n\r\n'],
  ['a Content-Length that is no exact number', `POST / HTTP/1.1\r\ncontent-length: 1${'0'.repeat(15)}\r\n\r\n`],
  ['a chunk size with a sign', 'POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n+1\r\nx\r\n0\r\n\r\n'],
  ['a chunk size with 0x', 'POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n0x1\r\nx\r\n0\r\n\r\n'],
  ['a space after a chunk size', 'POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n1 \r\nx\r\n0\r\n\r\n'],
  ['a bare LF after a chunk size', 'POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n1\nx\r\n0\r\n\r\n'],
  ['a chunk that is longer than its size', 'POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n1\r\nxy\r\n0\r\n\r\n'],
  ['an extension with a bare CR', 'POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n1;a\rb\r\nx\r\n0\r\n\r\n'],
  ['an extension that does not close its quote', 'POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n1;a="b\r\nx\r\n0\r\n\r\n'],
  ['an endless chunk extension', `POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n1;${'a'.repeat(5000)}`],
  ['a trailer that frames', 'POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n0\r\ncontent-length: 1\r\n\r\n'],
  ['trailers without an end', `POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n0\r\nx: ${'y'.repeat(20_000)}`],
  ['a head without an end', `GET / HTTP/1.1\r\nx: ${'y'.repeat(20_000)}`],
];

const refusedResponses: readonly (readonly [string, string])[] = [
  ['no protocol', '200 OK\r\n\r\n'],
  ['HTTP/2.0', 'HTTP/2.0 200 OK\r\n\r\n'],
  ['two digits', 'HTTP/1.1 20 OK\r\n\r\n'],
  ['four digits', 'HTTP/1.1 2000 OK\r\n\r\n'],
  ['a signed status', 'HTTP/1.1 +20 OK\r\n\r\n'],
  ['a status that is a number, but not of digits', 'HTTP/1.1 2e2 OK\r\n\r\n'],
  ['a status in spaces', 'HTTP/1.1  99 OK\r\n\r\n'],
  ['a transfer encoding that nobody knows', 'HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n'],
  ['two lengths', 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 1\r\n\r\nx'],
  ['a length and chunks', 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n'],
];

describe('a reader of requests', () => {
  it.each(refusedRequests)('refuses %s', (_what, text) => {
    expect(request(text)).toEqual({ messages: [], refused: true });
    // Byte for byte, too.
    expect(
      request(
        text,
        Array.from(text, () => 1),
      ),
    ).toEqual({ messages: [], refused: true });
  });

  it('takes chunk extensions for what they are: nothing', () => {
    const reading = request('POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n1;a=b;c="d;\\"";e\r\nx\r\n0;f\r\n\r\n');
    expect(reading).toMatchObject({ messages: [{ body: 'x' }], refused: false });
  });

  it('refuses a line that ends in LF before its head is complete', () => {
    expect(request('GET / HTTP/1.1\n').refused).toBe(true);
    expect(request('\x16\x03\x01').refused).toBe(true);
  });

  it('stops before the body of an encoding that nobody knows', () => {
    expect(request('POST / HTTP/1.1\r\ntransfer-encoding: x\r\n\r\nGET / HTTP/1.1\r\n\r\n').messages).toEqual([]);
  });
});

describe('a reader of responses', () => {
  it.each(refusedResponses)('refuses %s', (_what, text) => {
    expect(response(text)).toEqual({ messages: [], refused: true });
  });

  it('reads no body after HEAD, 204 and 304, whatever their heads say', () => {
    const text = 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n';
    expect(response(`${text}${text}`, 'HEAD').messages).toHaveLength(2);
    expect(
      response('HTTP/1.1 304 Not Modified\r\ncontent-length: 5\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n').messages,
    ).toHaveLength(2);
  });
});

describe('a writer', () => {
  it.each([
    ['a line break in a value', () => writeRequestHead('GET', '/', [['x', 'a\r\nhost: b']])],
    ['a line break in a name', () => writeRequestHead('GET', '/', [['x\r\ny', 'a']])],
    ['a colon in a name', () => writeResponseHead(200, [['x:', 'a']])],
    ['a character beyond latin1', () => writeResponseHead(200, [['x', '\u010a']])],
    ['a space in the target', () => writeRequestHead('GET', '/ HTTP/1.1\r\nx: y', [])],
    ['an empty target', () => writeRequestHead('GET', '', [])],
    ['a method that is no token', () => writeRequestHead('GET /', '/', [])],
    ['a status that is none', () => writeResponseHead(99, [])],
  ])('refuses %s', (_what, write) => {
    expect(write).toThrow(/cannot be written|target|token|status/);
  });
});
