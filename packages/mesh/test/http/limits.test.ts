import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type ClientHttp2Stream, connect as connectHttp2, constants } from 'node:http2';
import { type AddressInfo, connect } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import type { HttpLimits } from '../../src/http/limits.js';
import { readSome } from '../support/await-event.js';
import { ProxyFixture } from './proxy-fixture.js';

let server: Server;
let proxy: ProxyFixture;
afterEach(async () => {
  await proxy.close();
  server.closeAllConnections();
  server.close();
});

async function start(limits: Partial<HttpLimits>): Promise<void> {
  server = createServer((request, response) => {
    if (request.url !== '/hold') response.end('done');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  proxy = await ProxyFixture.start({ application: (server.address() as AddressInfo).port, limits });
}

it('a connection without a request is closed after a while, in either version, and one with a request is not', async () => {
  await start({ idleTimeoutMs: 300 });
  const busy = connect(proxy.port, '127.0.0.1');
  busy.write('GET /hold HTTP/1.1\r\nhost: a\r\n\r\n');
  const first = connect(proxy.port, '127.0.0.1');
  first.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n');
  expect(await readSome(first)).toContain('done');
  const second = connectHttp2(`http://127.0.0.1:${proxy.port}`);
  await once(second.request({ ':path': '/' }).resume(), 'end');
  await Promise.all([once(first.resume(), 'close'), once(second, 'close')]);
  expect(busy.destroyed).toBe(false);
  busy.destroy();
});

it('so many requests are under way on one HTTP/2 connection, and the next ones are refused one by one', async () => {
  await start({ concurrentStreams: 3 });
  const session = connectHttp2(`http://127.0.0.1:${proxy.port}`);
  // All at once, before the gate has said how many it takes.
  const requests = Array.from({ length: 5 }, () => session.request({ ':path': '/hold' }));
  const outcome = (request: ClientHttp2Stream) =>
    new Promise<number | undefined>((resolve) =>
      request.on('error', () => undefined).once('close', () => resolve(request.rstCode)),
    );
  const refused = await Promise.all(requests.slice(3).map(outcome));
  expect(refused).toEqual([constants.NGHTTP2_REFUSED_STREAM, constants.NGHTTP2_REFUSED_STREAM]);
  expect(requests.slice(0, 3).map(({ destroyed }) => destroyed)).toEqual([false, false, false]);
  requests[0]?.close(constants.NGHTTP2_CANCEL);
  // The gate has its place back once it has taken that in; until then the next one may be refused as well.
  const next = async (): Promise<unknown> => {
    const [headers] = await once(session.request({ ':path': '/' }), 'response').catch(() => [{}]);
    return headers[':status'];
  };
  await expect.poll(next).toBe(200);
  session.destroy();
});
