import type { Socket } from 'node:net';
import { type Duplex, duplexPair } from 'node:stream';
import type { Destination } from '@sallyport/policy';
import { HttpConnect } from '../../../src/ztunnel/http-connect.js';
import type { ProxyHandlers } from '../../../src/ztunnel/proxy-request.js';
import { serveSocks5 } from '../../../src/ztunnel/socks5.js';
import { type FuzzTarget, holds } from '../fuzz-target.js';

const credential = { username: 'sallyport', password: 'Zq8' };
const basic = `Basic ${Buffer.from('sallyport:Zq8').toString('base64')}`;

/** Serves one client that sends these bytes and goes. */
async function served(bytes: Buffer, serve: (socket: Socket, handlers: ProxyHandlers) => unknown, proof: string): Promise<void> {
  const [client, inner] = duplexPair();
  client.on('error', () => undefined).resume();
  inner.on('error', () => undefined);
  const connected: Destination[] = [];
  let refused = 0;
  // The timers of the socket are its own; everything else that is used of it every stream has.
  const socket = Object.assign(inner as Duplex, { setTimeout: () => inner }) as unknown as Socket;
  serve(socket, {
    credential: () => credential,
    onConnect: (stream, destination) => {
      connected.push(destination);
      stream.destroy();
    },
    onRefused: () => {
      refused += 1;
    },
  });
  for (let at = 0; at < bytes.length; at += 11) client.write(bytes.subarray(at, at + 11));
  client.end();
  for (let turn = 0; turn < 6; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  inner.destroy();
  client.destroy();
  holds(connected.length <= 1 && refused <= 1, 'a client is connected at most once, and refused at most once');
  for (const { host, port } of connected) {
    holds(bytes.includes(proof), 'nobody is connected without the credential');
    holds(/^[a-z0-9._:-]{1,255}$/.test(host) && port >= 1 && port <= 65_535, `${host} and ${port} are a destination`);
  }
}

const login = '\x05\x01\x02\x01\x09sallyport\x03Zq8';

export const socks5: FuzzTarget = {
  name: 'socks5',
  words: [
    login,
    '\x05\x01\x00',
    '\x05\x01\0\x01\x7f\0\0\x01\0\x50',
    '\x05\x01\0\x03\x03a.b\0\x50',
    '\x05\x03\0\x01',
    '\x04\x01',
    '\xff',
  ],
  seeds: () => [
    Buffer.from(`${login}\x05\x01\0\x01\x0a\0\0\x01\0\x50hello`, 'latin1'),
    Buffer.from(`${login}\x05\x01\0\x03\x07httpbin\x1f\x40`, 'latin1'),
    Buffer.from(`${login}\x05\x01\0\x04${'\0'.repeat(15)}\x01\x1f\x40`, 'latin1'),
  ],
  run: (bytes) => served(bytes, (socket, handlers) => serveSocks5(socket, Buffer.alloc(0), handlers), 'sallyport'),
};

export const httpConnect: FuzzTarget = {
  name: 'http-connect',
  words: [
    'CONNECT ',
    ' HTTP/1.1\r\n',
    'a:80',
    '[::1]:80',
    '127.0.0.1:15008',
    `proxy-authorization: ${basic}\r\n`,
    '\r\n',
    '\n',
    'Basic ',
    ':',
    '@',
    'host: a\r\n',
    'transfer-encoding: chunked\r\n',
  ],
  seeds: () => [
    Buffer.from(`CONNECT httpbin:8000 HTTP/1.1\r\nhost: httpbin:8000\r\nproxy-authorization: ${basic}\r\n\r\nhello`),
    Buffer.from(`CONNECT [::1]:80 HTTP/1.1\r\nhost: a\r\nProxy-Authorization: ${basic}\r\n\r\n`),
    Buffer.from('GET http://a/ HTTP/1.1\r\nhost: a\r\n\r\n'),
  ],
  run: (bytes) => served(bytes, (socket, handlers) => new HttpConnect(handlers).serve(socket), 'asic'),
};
