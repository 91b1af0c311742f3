import { asksForUpgrade } from '../../../src/http/request-head.js';
import { readByNode } from '../../http/message/node-parser.js';
import { readByUs } from '../../http/message/our-reader.js';
import { type FuzzTarget, holds } from '../fuzz-target.js';

const words = [
  ...['\r\n', '\n', '\r', '\r\n\r\n', '\0', '\t', ' ', ':', ': ', ' :', ',', ';', '\x0b', '\x85', '\xa0'],
  ...[
    'GET / HTTP/1.1\r\n',
    'POST /a HTTP/1.1\r\n',
    'HTTP/1.1 200 OK\r\n',
    'HTTP/1.1 204 \r\n',
    'HTTP/1.1 100 C\r\n',
    ' HTTP/1.0',
    'HTTP/0.9',
  ],
  ...['host: a\r\n', 'content-length: 3\r\n', 'Content-Length: +3\r\n', 'content-length: 3, 3\r\n', 'content-length:\t3\r\n'],
  ...['transfer-encoding: chunked\r\n', 'Transfer-Encoding: identity\r\n', 'transfer-encoding: chunked, identity\r\n'],
  ...[
    'transfer-encoding:\x0bchunked\r\n',
    'transfer-encoding : chunked\r\n',
    ' folded\r\n',
    'connection: close\r\n',
    'expect: 100-continue\r\n',
  ],
  ...[
    'connection: upgrade\r\nupgrade: x\r\n',
    '0\r\n\r\n',
    '0x1\r\n',
    '1_0\r\n',
    'fffffffffffffffff\r\n',
    ';a="b"\r\n',
    'trailer: x\r\n',
  ],
  ...['http://a/', '*', '/../', '#', '?', 'CONNECT a:1 HTTP/1.1\r\n', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
];

const latin1 = (...texts: readonly string[]): Buffer[] => texts.map((text) => Buffer.from(text, 'latin1'));

/** Cuts that depend on the input, and reach single bytes. */
function cutsOf(bytes: Buffer): number[] {
  return Array.from(bytes.subarray(0, 64), (octet) => 1 + (octet % 7));
}

function compare(bytes: Buffer, kind: 'request' | { readonly method: string }): void {
  const ours = readByUs(bytes, kind);
  const pieces = readByUs(bytes, kind, cutsOf(bytes));
  holds(JSON.stringify(pieces) === JSON.stringify(ours), 'cuts between bytes change nothing');
  const messages = [...ours.messages];
  const last = messages.at(-1);
  // To llhttp the connection is no longer HTTP after an upgrade, body or not; the gate refuses one with a body by its own status.
  if (kind === 'request' && last !== undefined && last.body !== '' && asksForUpgrade(last.headers)) messages.pop();
  const theirs = readByNode(bytes, kind).messages.slice(0, messages.length);
  // Exactly as many, and the same: what is accepted here is accepted by llhttp in its strict mode, and framed as it frames it.
  holds(JSON.stringify(theirs) === JSON.stringify(messages), `llhttp reads the same: ${JSON.stringify([messages, theirs])}`);
}

export const requests: FuzzTarget = {
  name: 'http1-requests',
  words,
  seeds: () =>
    latin1(
      'GET /a?b HTTP/1.1\r\nhost: a\r\nx: y, z\r\n\r\n',
      'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\n\r\nabcGET / HTTP/1.1\r\nhost: b\r\n\r\n',
      'POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nx-sum: 1\r\n\r\nGET / HTTP/1.1\r\n\r\n',
      'OPTIONS * HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n',
      'GET http://a:80/b HTTP/1.1\r\nhost: a\r\nupgrade: x\r\nconnection: upgrade\r\n\r\nrest',
    ),
  run: (bytes) => compare(bytes, 'request'),
};

export const responses: FuzzTarget = {
  name: 'http1-responses',
  words,
  seeds: () =>
    latin1(
      'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nokHTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n',
      'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 \r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nx: y\r\n\r\n',
      'HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 304 Not Modified\r\ncontent-length: 9\r\n\r\n',
      'HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 1\r\n\r\nx',
    ),
  run: (bytes) => {
    compare(bytes, { method: 'GET' });
    compare(bytes, { method: 'HEAD' });
  },
};
