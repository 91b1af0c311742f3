import { once } from 'node:events';
import {
  type ClientHttp2Session,
  connect as connectHttp2,
  createServer as createHttp2Server,
  type IncomingHttpHeaders,
} from 'node:http2';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { settingsFrame } from '../../src/http2/frame-writer.js';
import { flag, frameType } from '../../src/http2/protocol.js';
import { rawFrame } from '../http2/raw-peer.js';
import { ProxyFixture } from './proxy-fixture.js';

/** An application that answers every request with these bytes, whatever they are. */
let answer: string;
let application: Server;
let proxy: ProxyFixture;
const sockets = new Set<Socket>();
const cleanups: (() => unknown)[] = [];

beforeEach(async () => {
  application = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('data', () => {
      socket.write(answer, 'latin1');
    });
  });
  await new Promise<void>((resolve) => application.listen(0, '127.0.0.1', resolve));
  proxy = await ProxyFixture.start({
    application: (application.address() as AddressInfo).port,
    limits: { bodyTimeoutMs: 300, lingerMs: 100 },
  });
  cleanups.push(() => {
    for (const socket of sockets) socket.destroy();
    application.close();
  });
  cleanups.push(() => proxy.close());
});

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function session(): ClientHttp2Session {
  const client = connectHttp2(`http://127.0.0.1:${proxy.port}`);
  client.on('error', () => undefined);
  cleanups.push(() => client.destroy());
  return client;
}

interface Seen {
  readonly status: number | undefined;
  readonly body: string;
  readonly trailers: IncomingHttpHeaders;
  readonly informed: number;
  readonly code: number;
}

/** What a client of HTTP/2 sees. */
async function overHttp2(client: ClientHttp2Session, method = 'GET'): Promise<Seen> {
  const stream = client.request({ ':path': '/', ':method': method, ':authority': 'a' });
  let status: number | undefined;
  let trailers: IncomingHttpHeaders = {};
  let body = '';
  let informed = 0;
  stream.on('headers', () => {
    informed += 1;
  });
  stream.on('response', (headers) => {
    status = headers[':status'];
  });
  stream.on('trailers', (headers) => {
    trailers = headers;
  });
  stream.on('data', (chunk: Buffer) => {
    body += chunk.toString();
  });
  stream.on('error', () => undefined);
  await once(stream, 'close');
  return { status, body, trailers, informed, code: stream.rstCode };
}

/** What a client of HTTP/1.1 gets for these bytes, up to the end of the connection or of a quiet moment after an answer. */
async function overHttp1(bytes: string): Promise<string> {
  const socket = connect(proxy.port, '127.0.0.1');
  cleanups.push(() => socket.destroy());
  socket.on('error', () => undefined);
  socket.write(bytes, 'latin1');
  for (;;) {
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    const final = chunk
      .toString('latin1')
      .split('\r\n\r\n')
      .find((head) => /^HTTP\/1\.1 [2-9]/.test(head));
    if (final !== undefined) return final;
  }
}

const chunked = (trailers: string, head = ''): string =>
  `HTTP/1.1 200 OK\r\n${head}transfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n${trailers}\r\n`;

/** Fields that Node.js refuses to write to HTTP/2 more than once, twice each. */
const repeated = ['etag', 'age', 'dnt', 'from', 'user-agent', 'x-content-type-options', 'content-language', 'if-match']
  .map((name) => `${name}: a\r\n${name}: b\r\n`)
  .join('');

describe('an application that answers what HTTP/2 cannot carry', () => {
  it('has the first line of a repeated field passed on', async () => {
    answer = chunked('', repeated);
    expect(await overHttp2(session())).toMatchObject({ status: 200, body: 'ok' });
  });

  it('has the first line of a repeated trailer passed on, and takes no gate down', async () => {
    answer = chunked(repeated);
    expect(await overHttp2(session())).toMatchObject({ status: 200, body: 'ok', trailers: { etag: 'a', age: 'a' } });
  });

  it('has the first line of a repeated field of an interim response passed on', async () => {
    answer = `HTTP/1.1 103 Early Hints\r\n${repeated}\r\n${chunked('')}`;
    expect(await overHttp2(session())).toMatchObject({ status: 200, body: 'ok', informed: 1 });
  });

  it('has trailers left out that would be framing', async () => {
    answer = chunked('te: gzip\r\nkeep-alive: x\r\nhttp2-settings: x\r\nx-a: b\r\n');
    const { trailers } = await overHttp2(session());
    expect(Object.keys(trailers)).toEqual(['x-a']);
  });

  it.each([600, 999])('has status %i answered by an error of the gate', async (status) => {
    answer = `HTTP/1.1 ${status} X\r\ncontent-length: 2\r\n\r\nok`;
    expect(await overHttp2(session())).toMatchObject({ status: 500, body: '' });
  });
});

describe('an application that floods', () => {
  it('with interim responses is given up, in either version', async () => {
    answer = `${'HTTP/1.1 103 Early Hints\r\nlink: a\r\n\r\n'.repeat(3000)}HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n`;
    expect(await overHttp2(session())).toMatchObject({ status: 503, informed: 100 });
    expect(await overHttp1('GET / HTTP/1.1\r\nhost: a\r\n\r\n')).toMatch(/^HTTP\/1\.1 503 /);
  });
});

describe('a client of HTTP/1.1', () => {
  it('whose trailers repeat what HTTP/2 allows once takes no gate down', async () => {
    const seen: (string | string[] | undefined)[] = [];
    const http2 = createHttp2Server();
    http2.on('stream', (stream) => {
      stream.on('trailers', (trailers: IncomingHttpHeaders) => seen.push(trailers.etag));
      stream.resume();
      stream.on('end', () => {
        stream.respond({ ':status': 200 });
        stream.end();
      });
    });
    await new Promise<void>((resolve) => http2.listen(0, '127.0.0.1', resolve));
    cleanups.unshift(() => http2.close());
    proxy.plan.application = (http2.address() as AddressInfo).port;
    proxy.plan.protocol = 'http2';
    const request = `POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n0\r\n${repeated}\r\n`;
    expect(await overHttp1(request)).toMatch(/^HTTP\/1\.1 200 /);
    expect(seen).toEqual(['a']);
  });
});

describe('an application that never ends what the gate has ended', () => {
  /** Carries an application's bytes, and no end of either side. */
  async function endless(port: number): Promise<number> {
    const relay = createServer({ allowHalfOpen: true }, (socket) => {
      const behind = connect(port, '127.0.0.1');
      for (const one of [socket, behind]) one.on('error', () => undefined);
      socket.pipe(behind, { end: false });
      behind.pipe(socket, { end: false });
      cleanups.push(() => [socket, behind].map((one) => one.destroy()));
    });
    await once(relay.listen(0, '127.0.0.1'), 'listening');
    cleanups.unshift(() => relay.close());
    return (relay.address() as AddressInfo).port;
  }

  const closed = async (): Promise<void> => {
    const [upstream] = proxy.upstream;
    if (upstream?.closed === false) await once(upstream, 'close');
  };

  it('is cut off', async () => {
    answer = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';
    proxy.plan.application = await endless(proxy.plan.application);
    const client = session();
    expect(await overHttp2(client)).toMatchObject({ status: 200, body: 'ok' });
    client.close();
    await closed();
  });

  it('is cut off where it speaks HTTP/2', async () => {
    const http2 = createHttp2Server();
    http2.on('stream', (stream) => {
      stream.respond({ ':status': 200 });
      stream.end('ok');
    });
    await once(http2.listen(0, '127.0.0.1'), 'listening');
    cleanups.unshift(() => http2.close());
    proxy.plan.application = await endless((http2.address() as AddressInfo).port);
    proxy.plan.protocol = 'http2';
    const client = session();
    expect(await overHttp2(client)).toMatchObject({ status: 200, body: 'ok' });
    client.close();
    await closed();
  });
});

describe('an application that breaks the protocol of HTTP/2', () => {
  it('fails what it was asked, and is asked over another connection next', async () => {
    const http2 = createHttp2Server();
    http2.on('stream', (stream) => {
      stream.respond({ ':status': 200 });
      stream.end('ok');
    });
    let connections = 0;
    const relay = createServer((socket) => {
      connections += 1;
      socket.on('error', () => undefined);
      if (connections > 1) http2.emit('connection', socket);
      // A header block that is none. What node:http2 thinks of it, it says once, and reads no more.
      else socket.end(Buffer.concat([settingsFrame([]), rawFrame(frameType.headers, flag.endHeaders, 1, 'ÿÿÿÿ')]));
    });
    await once(relay.listen(0, '127.0.0.1'), 'listening');
    const broken = await ProxyFixture.start({
      application: (relay.address() as AddressInfo).port,
      protocol: 'http2',
      limits: { restMs: 100 },
    });
    const client = connectHttp2(`http://127.0.0.1:${broken.port}`);
    cleanups.push(
      () => relay.close(),
      () => broken.close(),
      () => client.destroy(),
    );
    // No longer than the time that an application has for the answer to a PING.
    expect(await overHttp2(client)).toMatchObject({ status: 503 });
    expect(await overHttp2(client)).toMatchObject({ status: 200, body: 'ok' });
    expect(connections).toBe(2);
  });
});

describe('a body that stands still', () => {
  it('gets 408 where the client stops sending it, and the application is let go', async () => {
    answer = '';
    const gone = new Promise((resolve) => application.once('connection', (socket) => socket.once('close', resolve)));
    const head = 'POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\nabc';
    expect(await overHttp1(head)).toMatch(/^HTTP\/1\.1 408 /);
    await gone;
    expect(await proxy.recorded(1)).toMatchObject([{ status: 408, flags: 'SI', details: 'stream_idle_timeout' }]);
  });

  it('is cut off where the client does not take it', async () => {
    const large = 'x'.repeat(16 * 1024 * 1024);
    answer = `HTTP/1.1 200 OK\r\ncontent-length: ${large.length}\r\n\r\n${large}`;
    const socket = connect(proxy.port, '127.0.0.1');
    cleanups.push(() => socket.destroy());
    socket.on('error', () => undefined);
    socket.pause();
    socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n');
    expect(await proxy.recorded(1)).toMatchObject([{ status: 200, flags: 'SI', termination: 'stream_idle_timeout' }]);
  });

  it('is cut off where a client of HTTP/2 opens no window for it', async () => {
    answer = `HTTP/1.1 200 OK\r\ncontent-length: 2000\r\n\r\n${'x'.repeat(2000)}`;
    const client = connectHttp2(`http://127.0.0.1:${proxy.port}`, { settings: { initialWindowSize: 0 } });
    client.on('error', () => undefined);
    cleanups.push(() => client.destroy());
    const stream = client.request({ ':path': '/', ':authority': 'a' });
    stream.on('error', () => undefined);
    stream.resume();
    expect(await proxy.recorded(1)).toMatchObject([{ status: 200, flags: 'SI', termination: 'stream_idle_timeout' }]);
  });

  it('does not concern a response that is quiet', async () => {
    answer = '';
    application.once('connection', (socket) => {
      socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n');
      setTimeout(() => socket.write('5\r\nevent\r\n0\r\n\r\n'), 900);
    });
    expect(await overHttp2(session())).toMatchObject({ status: 200, body: 'event' });
  });
});
