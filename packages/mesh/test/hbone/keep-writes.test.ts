import { once } from 'node:events';
import { type ClientHttp2Session, connect, createServer, type Http2Server, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { keepWrites } from '../../src/hbone/keep-writes.js';

const head = `GET /one HTTP/1.1\r\nhost: httpbin:8000\r\nx-padding: ${'x'.repeat(120)}\r\n\r\n`;

let server: Http2Server;
let session: ClientHttp2Session;
beforeAll(async () => {
  server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
afterAll(async () => {
  session.destroy();
  await new Promise((resolve) => server.close(resolve));
});

/** What a server sends after `work` has written to its stream. */
async function received(work: (stream: ServerHttp2Stream) => void): Promise<string> {
  server.once('stream', (stream) => {
    stream.respond();
    work(keepWrites(stream));
  });
  return (await buffer(session.request())).toString('latin1');
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
      stream.uncork();
      stream.end();
    });
    expect(text).toBe(head);
  }
});

test('writes of nothing are called back, and the end may carry text', async () => {
  const calls: string[] = [];
  const text = await received((stream) => {
    stream.write('', () => calls.push('nothing'));
    stream.write('grün', 'latin1', () => calls.push('text'));
    stream.end('!', () => calls.push('end'));
  });
  expect(text).toBe('grün!');
  expect(calls).toEqual(['nothing', 'text', 'end']);
});
