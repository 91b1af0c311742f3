import { once } from 'node:events';
import { type ClientHttp2Session, type ClientHttp2Stream, connect, createSecureServer, type Http2SecureServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { keepWrites } from '../../src/hbone/keep-writes.js';
import { TestAuthority } from '../support/test-authority.js';

const head = `GET /one HTTP/1.1\r\nhost: httpbin:8000\r\nx-padding: ${'x'.repeat(120)}\r\n\r\n`;

let server: Http2SecureServer;
let session: ClientHttp2Session;
beforeAll(async () => {
  const authority = await TestAuthority.create();
  const { key, chain } = await authority.issue('spiffe://cluster.local/ns/default/sa/httpbin');
  server = createSecureServer({ key, cert: chain });
  server.on('stream', (stream) => {
    stream.respond();
    stream.pipe(stream);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const socket = connectTls({ host: '127.0.0.1', port, ALPNProtocols: ['h2'], rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  session = connect('https://127.0.0.1', { createConnection: () => socket });
  await once(session, 'remoteSettings');
});
afterAll(async () => {
  session.destroy();
  await new Promise((resolve) => server.close(resolve));
});

/** What a server receives of what `work` writes to a tunnel that is open. */
async function received(work: (stream: ClientHttp2Stream) => void): Promise<string> {
  const stream = session.request({ ':method': 'CONNECT', ':authority': 'httpbin:8000' }, { endStream: false });
  await once(stream, 'response');
  const echoed = buffer(stream);
  work(keepWrites(stream));
  return (await echoed).toString('latin1');
}

test.each([
  ['text', ''],
  ['bytes', Buffer.alloc(0)],
])('text that is written together with empty %s arrives as it was written', async (_, empty) => {
  for (let round = 0; round < 20; round += 1) {
    const text = await received((stream) => {
      stream.cork();
      stream.write(head, 'latin1');
      stream.write(empty);
      process.nextTick(() => stream.uncork());
      setImmediate(() => stream.end());
    });
    expect(text).toBe(head);
  }
});

test('writes of nothing are called back, and the end may carry text', async () => {
  const calls: string[] = [];
  const text = await received((stream) => {
    stream.write('', () => calls.push('nothing'));
    stream.write('gr\u00fcn', 'latin1', () => calls.push('text'));
    stream.end('!', () => calls.push('end'));
  });
  expect(text).toBe('gr\u00fcn!');
  expect(calls.sort()).toEqual(['end', 'nothing', 'text']);
});
