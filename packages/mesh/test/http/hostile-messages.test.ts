import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect as connectHttp2, constants } from 'node:http2';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ambiguousMessages } from '../support/ambiguous-messages.js';
import { ProxyFixture } from './proxy-fixture.js';

let proxy: ProxyFixture;
let seen: string[];
const application = () =>
  createServer((incoming, response) => {
    seen.push(`${incoming.method} ${incoming.url}`);
    incoming.resume();
    incoming.on('end', () => response.end('reached'));
  });
let server: ReturnType<typeof application>;

beforeEach(async () => {
  seen = [];
  server = application();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  proxy = await ProxyFixture.start({
    application: (server.address() as AddressInfo).port,
    limits: { headersTimeoutMs: 300, firstByteTimeoutMs: 300, lingerMs: 100 },
  });
});

afterEach(async () => {
  await proxy.close();
  server.closeAllConnections();
  server.close();
});

/** Everything that comes back for these bytes until the connection closes. */
async function raw(bytes: string): Promise<string> {
  const socket = connect(proxy.port, '127.0.0.1');
  await once(socket, 'connect');
  socket.write(bytes, 'latin1');
  return collect(socket);
}

async function collect(socket: Socket): Promise<string> {
  let text = '';
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
  });
  socket.on('error', () => undefined);
  await once(socket, 'close');
  return text;
}

describe('a message that could be read in two ways', () => {
  it.each(ambiguousMessages)('gets 400 and its connection ends: %s', async (_what, bytes) => {
    expect(await raw(bytes)).toMatch(/^HTTP\/1\.1 400 /);
    expect(seen).toEqual([]);
    const [record] = await proxy.recorded(1);
    expect(record).toMatchObject({ status: 400, flags: 'DPE' });
  });

  it('takes nothing behind it with it', async () => {
    const smuggled =
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 44\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n';
    await raw(smuggled);
    expect(seen).toEqual([]);
  });

  it('is refused where HTTP/2 in clear text is asked for by upgrade: the request stays HTTP/1.1', async () => {
    const answer = await raw(
      'GET /plain HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n',
    );
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(answer).toContain('reached');
    expect(seen).toEqual(['GET /plain']);
  });

  it('gets 501 for a transfer encoding that nobody knows', async () => {
    const answer = await raw('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n');
    expect(answer).toMatch(/^HTTP\/1\.1 501 /);
    expect(seen).toEqual([]);
  });

  it('gets 426 in HTTP/1.0 and 403 as CONNECT', async () => {
    expect(await raw('GET / HTTP/1.0\r\nHost: a\r\n\r\n')).toMatch(/^HTTP\/1\.1 426 /);
    expect(await raw('CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n')).toMatch(/^HTTP\/1\.1 403 /);
    expect(seen).toEqual([]);
  });
});

describe('a client that wants too much', () => {
  it('gets 431 for too many headers, none of which is dropped', async () => {
    const many = Array.from({ length: 101 }, (_, index) => `x-${index}: y\r\n`).join('');
    expect(await raw(`GET / HTTP/1.1\r\nHost: a\r\n${many}\r\n`)).toMatch(/^HTTP\/1\.1 431 /);
  });

  it('gets 431 for headers that are too large', async () => {
    expect(await raw(`GET / HTTP/1.1\r\nHost: a\r\nx: ${'y'.repeat(61 * 1024)}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 431 /);
  });

  it('gets 408 for a head that does not come to its end', async () => {
    expect(await raw('GET / HTTP/1.1\r\nHost: a\r\n')).toMatch(/^HTTP\/1\.1 408 /);
  });

  it('is dropped where it sends nothing', async () => {
    expect(await raw('')).toBe('');
  });

  it('loses its HTTP/2 connection where it opens and resets streams in a row', async () => {
    const session = connectHttp2(`http://127.0.0.1:${proxy.port}`);
    session.on('error', () => undefined);
    const over = new Promise((resolve) => session.once('close', () => resolve(undefined)));
    await once(session, 'remoteSettings');
    const flood = () => {
      for (let count = 0; count < 50 && !session.closed && !session.destroyed; count += 1) {
        const stream = session.request({ ':path': '/' });
        stream.on('error', () => undefined);
        stream.close(constants.NGHTTP2_CANCEL);
      }
      if (!session.closed && !session.destroyed) {
        setImmediate(flood);
      }
    };
    flood();
    await over;
    expect(session.destroyed).toBe(true);
  });
});

describe('an HTTP/2 request that HTTP/1.1 cannot express', () => {
  async function status(headers: Record<string, string | string[]>): Promise<unknown> {
    const session = connectHttp2(`http://127.0.0.1:${proxy.port}`);
    const stream = session.request(headers as never);
    stream.resume();
    const [head] = await once(stream, 'response');
    session.destroy();
    return head[':status'];
  }

  it('is refused rather than changed: a lower-case method is not the one that was judged', async () => {
    expect(await status({ ':method': 'get', ':path': '/' })).toBe(400);
    expect(seen).toEqual([]);
  });

  it('is refused where Host says otherwise than :authority', async () => {
    expect(await status({ ':authority': 'a', host: 'b', ':path': '/' })).toBe(400);
    expect(seen).toEqual([]);
  });
});
