import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { writeRequestHead, writeResponseHead, writeTrailers } from '../../../src/http/message/write-head.js';
import { type ReadMessage, readByNode } from './node-parser.js';
import { readByUs } from './our-reader.js';

const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1');

const name = fc.constantFrom('host', 'x', 'x-a', 'accept', 'cookie', "x!#$%&'*+-.^_`|~9", 'content-type');
const value = fc
  .array(fc.constantFrom('a', 'Z', '0', ' ', '\t', ',', '"', '=', ';', ':', '\xe4', '\xff', '/', '(', '\\'), { maxLength: 12 })
  .map((parts) => parts.join('').replace(/^[ \t]+|[ \t]+$/g, ''));
const headers = fc.array(fc.tuple(name, value), { maxLength: 6 });
const target = fc
  .array(fc.constantFrom('a', '/', '%2f', '.', '..', '?', '=', ';', '~', '*', "'", '|', '"', '<', '{'), { maxLength: 8 })
  .map((parts) => `/${parts.join('')}`);
const body = fc
  .array(fc.constantFrom('x', '\r\n', '0\r\n\r\n', 'GET / HTTP/1.1\r\n\r\n', '\0', '\xff'), { maxLength: 5 })
  .map((parts) => parts.join(''));

interface Made {
  readonly text: string;
  readonly message: ReadMessage;
}

const chunked = fc.tuple(
  fc.array(body, { maxLength: 3 }),
  fc.array(fc.tuple(fc.constantFrom('x-sum', 'x-t'), value), { maxLength: 2 }),
);

/** A body, by each framing that there is: the header that declares it, its bytes, what is to be read. */
const framed = fc.oneof(
  fc.constant({ declared: [] as [string, string][], bytes: '', body: '', trailers: [] as [string, string][] }),
  body.map((text) => ({
    declared: [['content-length', String(text.length)]] as [string, string][],
    bytes: text,
    body: text,
    trailers: [],
  })),
  chunked.map(([parts, trailers]) => {
    const chunks = parts.filter((part) => part !== '').map((part) => `${part.length.toString(16)}\r\n${part}\r\n`);
    return {
      declared: [['transfer-encoding', 'chunked']] as [string, string][],
      bytes: chunks.join('') + writeTrailers(trailers),
      body: parts.join(''),
      trailers,
    };
  }),
);

const request: fc.Arbitrary<Made> = fc
  .tuple(fc.constantFrom('GET', 'POST', 'OPTIONS', 'M-SEARCH', 'PROPFIND'), target, headers, framed)
  .map(([method, path, list, { declared, bytes, body: content, trailers }]) => {
    const all = [...list, ...declared];
    const message = { start: `${method} ${path} 1.1`, headers: all, body: content, trailers };
    return { text: writeRequestHead(method, path, all) + bytes, message };
  });

const response: fc.Arbitrary<Made> = fc
  .tuple(
    fc.constantFrom(200, 201, 299, 404, 500, 599),
    headers,
    framed.filter(({ declared }) => declared.length > 0),
  )
  .map(([status, list, { declared, bytes, body: content, trailers }]) => {
    const all = [...list, ...declared];
    return {
      text: writeResponseHead(status, all) + bytes,
      message: { start: String(status), headers: all, body: content, trailers },
    };
  });

const pieces = fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 60 });

/** What attackers change: one place of a message that was in order. */
const disturbance = fc.constantFrom(
  '\r',
  '\n',
  '\r\n',
  '\r\n\r\n',
  '\0',
  ' ',
  '\t',
  ':',
  ',',
  ';',
  '+',
  '-',
  '0',
  '0x',
  'a',
  '\x7f',
  '\x0b',
  '"',
  '_',
  '\xa0',
  '\r\nx: y',
  '\r\n folded',
  '\r\ncontent-length: 3',
  '\r\nContent-Length: 0',
  '\r\ntransfer-encoding: chunked',
  '\r\nTransfer-Encoding: identity',
  '\r\ntransfer-encoding : chunked',
  '\r\ntransfer-encoding:\x0bchunked',
  '\r\nTransfer-Encoding: chunked, chunked',
  '\r\nconnection: close',
  '\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nhost: a\r\n\r\n',
  ' HTTP/1.1',
  ' HTTP/1.0',
  'HTTP/9.9',
  ';a=b',
  ';a="b"',
  ';a="\\"',
  ';\n',
  '; ',
  '1;',
  'f',
  'http://a',
  'HTTPS://[::1]:8',
  '*',
);

const disturbed = (message: fc.Arbitrary<Made>): fc.Arbitrary<string> =>
  fc
    .tuple(
      fc.array(message, { minLength: 1, maxLength: 2 }),
      fc.array(fc.tuple(fc.nat(), fc.nat(3), disturbance), { minLength: 1, maxLength: 3 }),
    )
    .map(([messages, changes]) =>
      changes.reduce(
        (text, [where, removed, inserted]) => {
          const at = where % (text.length + 1);
          return text.slice(0, at) + inserted + text.slice(at + removed);
        },
        messages.map(({ text }) => text).join(''),
      ),
    );

const comparable = ({ start, headers: list, body: content, trailers }: ReadMessage) => ({
  start,
  headers: list,
  body: content,
  trailers,
});

describe('a message that is in order', () => {
  it('is read as it was written, requests one after the other', () => {
    fc.assert(
      fc.property(fc.array(request, { minLength: 1, maxLength: 3 }), pieces, (requests, sizes) => {
        const reading = readByUs(latin1(requests.map(({ text }) => text).join('')), 'request', sizes);
        expect(reading).toEqual({ messages: requests.map(({ message }) => message), refused: false });
      }),
      { numRuns: 500 },
    );
  });

  it('is read as it was written, responses too', () => {
    fc.assert(
      fc.property(fc.array(response, { minLength: 1, maxLength: 3 }), pieces, (responses, sizes) => {
        const reading = readByUs(latin1(responses.map(({ text }) => text).join('')), { method: 'GET' }, sizes);
        expect(reading).toEqual({ messages: responses.map(({ message }) => message), refused: false });
      }),
      { numRuns: 500 },
    );
  });
});

describe('a message that was tampered with', () => {
  it('is read the same however its bytes come', () => {
    fc.assert(
      fc.property(disturbed(request), pieces, (text, sizes) => {
        const whole = readByUs(latin1(text), 'request');
        const parts = readByUs(latin1(text), 'request', sizes);
        expect(parts.messages).toEqual(whole.messages);
        expect(parts.refused).toBe(whole.refused);
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    ['request', request, 'request'],
    ['response', response, { method: 'GET' }],
    ['response to HEAD', response, { method: 'HEAD' }],
  ] as const)('is never accepted as a %s where Node.js refuses it, nor read otherwise', (_what, message, kind) => {
    let accepted = 0;
    let refused = 0;
    fc.assert(
      fc.property(disturbed(message), (text) => {
        const ours = readByUs(latin1(text), kind);
        const theirs = readByNode(latin1(text), kind);
        expect(ours.messages.map(comparable)).toEqual(theirs.messages.slice(0, ours.messages.length).map(comparable));
        accepted += ours.messages.length;
        if (ours.refused) refused += 1;
      }),
      { numRuns: 4000 },
    );
    // Otherwise the law would hold for a reader that reads nothing, or everything.
    expect(accepted).toBeGreaterThan(500);
    expect(refused).toBeGreaterThan(500);
  });
});
