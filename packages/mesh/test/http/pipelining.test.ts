import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { allowAll, denyAll, ProxyFixture } from './proxy-fixture.js';

let proxy: ProxyFixture;
const application = () =>
  createServer((incoming, response) => {
    let body = '';
    incoming.setEncoding('latin1').on('data', (text: string) => {
      body += text;
    });
    incoming.on('end', () => {
      if (incoming.url !== '/never') response.end(`<${incoming.method} ${incoming.url} ${body}>`);
    });
  });
let server: ReturnType<typeof application>;

beforeEach(async () => {
  server = application();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  proxy = await ProxyFixture.start({
    application: (server.address() as AddressInfo).port,
    judge: (request) => (request.path.startsWith('/secret') ? denyAll() : allowAll()),
  });
});

afterEach(async () => {
  await proxy.close();
  server.closeAllConnections();
  server.close();
});

const get = (path: string, ...headers: readonly string[]): string =>
  `GET ${path} HTTP/1.1\r\n${['Host: a', ...headers].join('\r\n')}\r\n\r\n`;
const post = (path: string, framing: string, body: string): string =>
  `POST ${path} HTTP/1.1\r\nHost: a\r\n${framing}\r\n\r\n${body}`;
const last = get('/last', 'Connection: close');

/** What comes back, in order, until the connection closes: of each response what the application saw, or the status of the gate's own. */
async function answers(...pieces: readonly string[]): Promise<string[]> {
  const socket = connect({ port: proxy.port, host: '127.0.0.1', noDelay: true });
  let text = '';
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
  });
  const closed = once(socket, 'close');
  await once(socket, 'connect');
  for (const piece of pieces) {
    await new Promise<void>((resolve) => socket.write(piece, 'latin1', () => setImmediate(resolve)));
  }
  await closed;
  return [...text.matchAll(/<(.*)>|HTTP\/1\.1 (?!200)(\d+)/g)].map(([, seen, status]) => (seen ?? status ?? '').trimEnd());
}

describe('requests that are sent ahead', () => {
  it('are answered in turn where two come at once', async () => {
    expect(await answers(get('/1') + last)).toEqual(['GET /1', 'GET /last']);
  });

  it('are each judged for itself where twenty come at once', async () => {
    const paths = Array.from({ length: 19 }, (_, index) => (index % 3 === 1 ? `/secret/${index}` : `/${index}`));
    const expected = paths.map((path) => (path.startsWith('/secret') ? '403' : `GET ${path}`));
    expect(await answers(paths.map((path) => get(path)).join('') + last)).toEqual([...expected, 'GET /last']);
  });

  it('begin where the body before them ends, wherever their bytes are cut', async () => {
    const sent = [
      post('/1', 'Content-Length: 11', 'GET /secret'),
      get('/2'),
      post('/3', 'Transfer-Encoding: chunked', '5\r\nGET /\r\n6\r\nsecret\r\n0\r\n\r\n'),
      post('/secret/4', 'Content-Length: 6', 'unread'),
      last,
    ].join('');
    const expected = ['POST /1 GET /secret', 'GET /2', 'POST /3 GET /secret', '403', 'GET /last'];
    const cuts = Array.from({ length: sent.length - 1 }, (_, index) => index + 1);
    // A few at a time: each holds two connections.
    while (cuts.length > 0) {
      const some = cuts.splice(0, 40);
      const all = await Promise.all(some.map((cut) => answers(sent.slice(0, cut), sent.slice(cut))));
      for (const [index, given] of all.entries()) expect(given, `cut at ${some[index]}`).toEqual(expected);
    }
  });

  it('are not read behind one that says that it is the last', async () => {
    expect(await answers(last + get('/beyond'))).toEqual(['GET /last']);
    expect((await proxy.recorded(1)).map((record) => record.status)).toEqual([200]);
  });
});

describe('a client that ends its half of the connection', () => {
  it('is taken for gone, as Envoy takes it: no answer is waited for, and nothing that it sent ahead is served', async () => {
    const socket = connect(proxy.port, '127.0.0.1');
    socket.resume();
    await once(socket, 'connect');
    const reached = once(server, 'request');
    socket.write(get('/never') + get('/ahead'));
    await reached;
    socket.end();
    await once(socket, 'close');
    expect(await proxy.recorded(1)).toMatchObject([{ status: 0, flags: 'DC' }]);
  });
});
