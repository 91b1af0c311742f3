import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2';
import { type AddressInfo, connect, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { readUntil } from '../l7/l7-mesh.js';
import { closed, deferred, readAll } from '../support/await-event.js';
import { allowAll, denyAll, ProxyFixture, type ProxyPlan } from './proxy-fixture.js';

const run = promisify(execFile);
const hasCurl = await run('curl', ['--version']).then(
  () => true,
  () => false,
);
const endings: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

async function proxyTo(
  server: { listen(port: number, host: string, done: () => void): unknown; address(): unknown; close(): unknown },
  plan: Partial<ProxyPlan> = {},
): Promise<ProxyFixture> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const proxy = await ProxyFixture.start({ application: (server.address() as AddressInfo).port, ...plan });
  endings.push(
    () => proxy.close(),
    () => server.close(),
  );
  return proxy;
}

const httpApplication = (listener: (incoming: IncomingMessage, response: ServerResponse) => void) => {
  const server = createServer(listener);
  endings.push(() => server.closeAllConnections());
  return server;
};

/** An application that answers with bytes of our own making. */
const rawApplication = (serve: (socket: Socket) => void): Server =>
  createTcpServer((socket) => {
    endings.push(() => socket.destroy());
    socket.on('error', () => undefined);
    serve(socket);
  });

async function dial(proxy: ProxyFixture): Promise<Socket> {
  const socket = connect({ port: proxy.port, host: '127.0.0.1', allowHalfOpen: true });
  endings.push(() => socket.destroy());
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

describe('a body', () => {
  it('is not read from the application faster than the client takes it', async () => {
    let written = 0;
    const chunk = randomBytes(64 * 1024);
    const proxy = await proxyTo(
      httpApplication((_incoming, response) => {
        const fill = () => {
          while (written < 256 * 1024 * 1024) {
            written += chunk.length;
            if (!response.write(chunk)) return void response.once('drain', fill);
          }
          response.end();
        };
        fill();
      }),
    );
    const socket = await dial(proxy);
    socket.pause();
    socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n');
    await settled(() => written);
    // What is under way sits in the buffers of four sockets; the rest of 256 MiB has not been made yet.
    expect(written).toBeLessThan(48 * 1024 * 1024);
    expect(process.memoryUsage().external).toBeLessThan(256 * 1024 * 1024);
  });

  it('is not taken from the client faster than the application reads it', async () => {
    const proxy = await proxyTo(
      rawApplication((socket) => {
        socket.pause();
      }),
    );
    const session = connectHttp2(`http://127.0.0.1:${proxy.port}`);
    endings.push(() => session.destroy());
    const stream = session.request({ ':method': 'POST', ':path': '/' });
    stream.on('error', () => undefined);
    let taken = 0;
    const chunk = randomBytes(64 * 1024);
    const fill = () => {
      while (taken < 256 * 1024 * 1024) {
        taken += chunk.length;
        if (!stream.write(chunk)) return void stream.once('drain', fill);
      }
    };
    fill();
    await settled(() => taken);
    expect(taken).toBeLessThan(48 * 1024 * 1024);
  });

  it('of any size arrives as it was sent, both ways, in HTTP/2 over HTTP/1.1', async () => {
    const proxy = await proxyTo(httpApplication((incoming, response) => void incoming.pipe(response)));
    const body = randomBytes(20 * 1024 * 1024);
    const session = connectHttp2(`http://127.0.0.1:${proxy.port}`, { maxSessionMemory: 64 });
    endings.push(() => session.destroy());
    const stream = session.request({ ':method': 'PUT', ':path': '/' });
    stream.end(body);
    const hash = createHash('sha256');
    for await (const part of stream) hash.update(part as Buffer);
    expect(hash.digest('hex')).toBe(createHash('sha256').update(body).digest('hex'));
  });

  it('that the application breaks off is broken off for the client, not ended', async () => {
    const proxy = await proxyTo(
      rawApplication((socket) => {
        socket.once('data', () => {
          socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nonly this');
          setImmediate(() => socket.destroy());
        });
      }),
    );
    const answer = new Promise((resolve, reject) => {
      request({ port: proxy.port, host: '127.0.0.1', agent: false }, (response) => {
        response.resume();
        response.on('end', resolve);
        response.on('error', reject);
      })
        .on('error', reject)
        .end();
    });
    await expect(answer).rejects.toMatchObject({ code: 'ECONNRESET' });
    const [record] = await proxy.recorded(1);
    expect(record).toMatchObject({ flags: 'UC', bytesSent: 9 });
  });

  it('that the client breaks off reaches the application as broken off', async () => {
    let aborted: (how: string) => void = () => undefined;
    const ending = new Promise<string>((resolve) => {
      aborted = resolve;
    });
    const proxy = await proxyTo(
      httpApplication((incoming) => {
        incoming.resume();
        incoming.on('end', () => aborted('ended'));
        incoming.on('error', () => aborted('broken'));
      }),
    );
    const session = connectHttp2(`http://127.0.0.1:${proxy.port}`);
    endings.push(() => session.destroy());
    const stream = session.request({ ':method': 'POST', ':path': '/' });
    stream.on('error', () => undefined);
    stream.write('half');
    while (proxy.upstream.length === 0 || (proxy.upstream[0]?.bytesWritten ?? 0) === 0)
      await new Promise((resolve) => setImmediate(resolve));
    // `close` would end the body first.
    stream.destroy(new Error('gone'));
    expect(await ending).toBe('broken');
    const [record] = await proxy.recorded(1);
    expect(record).toMatchObject({ flags: 'DC' });
  });
});

describe('a response', () => {
  it('to HEAD keeps its Content-Length and has no body; 204 has neither; 304 keeps it', async () => {
    const proxy = await proxyTo(
      httpApplication((incoming, response) => {
        const status = Number(incoming.url?.slice(1));
        response.writeHead(status, status === 204 ? {} : { 'content-length': '5', etag: '"x"' });
        response.end(incoming.method === 'HEAD' || status !== 200 ? undefined : 'hello');
      }),
    );
    const socket = await dial(proxy);
    socket.write('HEAD /200 HTTP/1.1\r\nhost: a\r\n\r\n');
    expect(await readUntil(socket, '\r\n\r\n')).toMatch(/200 OK\r\n(.*\r\n)*content-length: 5\r\n/i);
    socket.write('GET /204 HTTP/1.1\r\nhost: a\r\n\r\n');
    expect(await readUntil(socket, '\r\n\r\n')).not.toMatch(/content-length|transfer-encoding/i);
    socket.write('GET /304 HTTP/1.1\r\nhost: a\r\n\r\n');
    expect(await readUntil(socket, '\r\n\r\n')).toMatch(/304 Not Modified\r\n(.*\r\n)*content-length: 5\r\n/i);
    socket.write('GET /200 HTTP/1.1\r\nhost: a\r\n\r\n');
    expect(await readUntil(socket, 'hello')).toContain('200 OK');
    // All four went over one connection to the application.
    expect(proxy.upstream.length).toBe(1);
  });

  it('is 503 where nothing listens, and 504 where nothing answers', async () => {
    const silent = await proxyTo(
      rawApplication((socket) => void socket.resume()),
      { limits: { responseTimeoutMs: 50 } },
    );
    const first = await dial(silent);
    first.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n');
    expect(await readUntil(first, 'upstream request timeout')).toContain('504 Gateway Timeout');
    silent.plan.application = 1;
    first.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n');
    expect(await readUntil(first, 'connection failure')).toContain('503 Service Unavailable');
    const [late, absent] = await silent.recorded(2);
    expect([late?.flags, absent?.flags]).toEqual(['UT', 'UF']);
  });

  it.each([
    ['two lengths', 'content-length: 2\r\ncontent-length: 2\r\n\r\nok'],
    ['a length and chunks', 'content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n'],
    ['an encoding that nobody knows', 'transfer-encoding: gzip, chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n'],
    ['a folded header', 'x: y\r\n z\r\ncontent-length: 2\r\n\r\nok'],
  ])('is 502 where that of the application could be read in two ways: %s', async (_what, rest) => {
    const proxy = await proxyTo(
      rawApplication((socket) => void socket.once('data', () => socket.write(`HTTP/1.1 200 OK\r\n${rest}`))),
    );
    const socket = await dial(proxy);
    socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n');
    expect(await readUntil(socket, '\r\n\r\n')).toContain('502 Bad Gateway');
    expect((await proxy.recorded(1))[0]).toMatchObject({ flags: 'UPE' });
  });

  it('without a length ends with the connection, and is passed on in chunks', async () => {
    const proxy = await proxyTo(
      rawApplication(
        (socket) =>
          void socket.once('data', () => {
            socket.write('HTTP/1.1 200 OK\r\n\r\nfirst ');
            setImmediate(() => socket.end('last'));
          }),
      ),
    );
    const socket = await dial(proxy);
    socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n');
    const answer = await readUntil(socket, '\r\n0\r\n\r\n');
    expect(answer).toMatch(/transfer-encoding: chunked/i);
    expect(answer).toMatch(/first [\s\S]*last/);
  });

  it('is 502 where the application does not speak HTTP', async () => {
    const proxy = await proxyTo(rawApplication((socket) => void socket.once('data', () => socket.end('what?\r\n'))));
    const socket = await dial(proxy);
    socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n');
    expect(await readUntil(socket, '\r\n\r\n')).toContain('502 Bad Gateway');
  });

  it('comes at once to a denied upload, whose rest reaches nobody', async () => {
    let reached = false;
    const proxy = await proxyTo(
      httpApplication(() => {
        reached = true;
      }),
      { judge: denyAll, limits: { lingerMs: 100 } },
    );
    const socket = await dial(proxy);
    socket.write('POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1000000\r\n\r\nbegin');
    expect(await readUntil(socket, 'RBAC: access denied')).toContain('403 Forbidden');
    socket.resume();
    await once(socket, 'end');
    expect(reached).toBe(false);
    expect(proxy.upstream).toEqual([]);
  });
});

describe('requests in a row on one connection', () => {
  it('are served in turn, one at a time, however many were sent at once', async () => {
    let atOnce = 0;
    let most = 0;
    const proxy = await proxyTo(
      httpApplication((incoming, response) => {
        atOnce += 1;
        most = Math.max(most, atOnce);
        setImmediate(() => {
          atOnce -= 1;
          response.end(`answer ${incoming.url};`);
        });
      }),
    );
    const socket = await dial(proxy);
    const paths = Array.from({ length: 500 }, (_, index) => `/${index}`);
    socket.write(paths.map((path) => `GET ${path} HTTP/1.1\r\nhost: a\r\n\r\n`).join(''));
    const answers = await readUntil(socket, 'answer /499;');
    expect([...answers.matchAll(/answer (\/\d+);/g)].map(([, path]) => path)).toEqual(paths);
    expect(most).toBe(1);
    expect(proxy.upstream.length).toBeLessThan(20);
  });
});

describe('a connection whose client says close', () => {
  it('ends after the answer, and what was sent behind reaches nobody', async () => {
    const seen: (string | undefined)[] = [];
    const proxy = await proxyTo(
      httpApplication((incoming, response) => {
        seen.push(incoming.url);
        response.end('ok');
      }),
    );
    const socket = await dial(proxy);
    socket.write('GET /1 HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\nGET /2 HTTP/1.1\r\nhost: a\r\n\r\n');
    expect(await readAll(socket)).toMatch(/connection: close\r\n[\s\S]*ok$/i);
    expect(seen).toEqual(['/1']);
  });
});

describe('a kept connection to the application', () => {
  it('that was closed in the meantime costs a GET nothing', async () => {
    let connections = 0;
    const proxy = await proxyTo(
      rawApplication((socket) => {
        connections += 1;
        let requests = 0;
        socket.on('data', () => {
          requests += 1;
          if (requests === 1 || connections > 1) socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok');
          else socket.destroy();
        });
      }),
    );
    const socket = await dial(proxy);
    socket.write('GET /1 HTTP/1.1\r\nhost: a\r\n\r\n');
    await readUntil(socket, 'ok');
    socket.write('GET /2 HTTP/1.1\r\nhost: a\r\n\r\n');
    expect(await readUntil(socket, '\r\n\r\nok')).toContain('200 OK');
    expect(connections).toBe(2);
    connections = 0;
    const other = await dial(proxy);
    other.write('POST /1 HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n');
    await readUntil(other, 'ok');
    other.write('POST /2 HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n');
    // A POST may have had its effect: it is never sent twice.
    expect(await readUntil(other, 'termination')).toContain('503 Service Unavailable');
    expect(connections).toBe(1);
  });

  it('is not used again where the application said more than it was asked', async () => {
    let connections = 0;
    const proxy = await proxyTo(
      rawApplication((socket) => {
        connections += 1;
        const own = connections;
        const answer = (text: string) => `HTTP/1.1 200 OK\r\ncontent-length: ${text.length}\r\n\r\n${text}`;
        socket.on('data', () => socket.write(`${answer(`right ${own}`)}${answer('poison')}`));
      }),
    );
    const socket = await dial(proxy);
    for (const own of [1, 2]) {
      socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n');
      const answer = await readUntil(socket, `right ${own}`);
      expect(answer).not.toContain('poison');
    }
    expect(connections).toBe(2);
  });

  it('ends with a response that says close, and one of HTTP/1.0', async () => {
    let connections = 0;
    const proxy = await proxyTo(
      rawApplication((socket) => {
        connections += 1;
        const head = connections === 1 ? 'HTTP/1.1 200 OK\r\nconnection: x, Close' : 'HTTP/1.0 200 OK';
        socket.on('data', () => socket.write(`${head}\r\ncontent-length: 2\r\n\r\nok`));
      }),
    );
    const socket = await dial(proxy);
    for (let request = 0; request < 3; request += 1) {
      socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n');
      await readUntil(socket, 'ok');
    }
    expect(connections).toBe(3);
  });

  it('serves one client only', async () => {
    const proxy = await proxyTo(httpApplication((_incoming, response) => response.end('ok')));
    for (let client = 0; client < 2; client += 1) {
      const socket = await dial(proxy);
      socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n');
      await readUntil(socket, 'ok');
    }
    expect(proxy.upstream.length).toBe(2);
  });
});

describe('a request that is denied while its connection is being opened', () => {
  it.each(['http1', 'http2'] as const)('reaches no application over %s', async (protocol) => {
    const seen: (string | undefined)[] = [];
    const answer = (incoming: { url?: string | undefined }, response: { end(text: string): void }) => {
      seen.push(incoming.url);
      response.end('reached');
    };
    const proxy = await proxyTo(protocol === 'http1' ? httpApplication(answer) : createHttp2Server(answer), { protocol });
    const { promise, resolve } = deferred<void>();
    proxy.plan.hold = promise;
    const session = connectHttp2(`http://127.0.0.1:${proxy.port}`);
    endings.push(() => session.destroy());
    const denied = session.request({ ':path': '/secret' });
    const gone = closed(denied.resume());
    while (proxy.upstream.length === 0) await new Promise((next) => setImmediate(next));
    proxy.plan.judge = denyAll;
    proxy.rejudge();
    await gone;
    proxy.plan.judge = allowAll;
    const allowed = session.request({ ':path': '/open' });
    resolve();
    expect(await readAll(allowed)).toBe('reached');
    expect(seen).toEqual(['/open']);
    expect((await proxy.recorded(2))[0]).toMatchObject({ termination: 'policy_change' });
  });
});

describe('an upgrade', () => {
  const websocket = 'GET /chat HTTP/1.1\r\nhost: a\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-key: x\r\n\r\n';
  const chat = () => {
    const server = httpApplication((_incoming, response) => response.end('plain'));
    server.on('upgrade', (incoming, socket, head) => {
      endings.push(() => socket.destroy());
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: websocket\r\nx-path: ${incoming.url}\r\n\r\nwelcome `,
      );
      socket.write(head);
      socket.pipe(socket);
    });
    return server;
  };

  it('joins both byte streams, early bytes included', async () => {
    const proxy = await proxyTo(chat());
    const socket = await dial(proxy);
    socket.write(`${websocket}early `);
    const answer = await readUntil(socket, 'early ');
    expect(answer).toMatch(/^HTTP\/1\.1 101 Switching Protocols\r\n/);
    expect(answer).toContain('x-path: /chat\r\n');
    socket.write('later');
    await readUntil(socket, 'later');
    socket.end();
    const [record] = await proxy.recorded(1);
    expect(record).toMatchObject({ status: 101, bytesReceived: 11 });
  });

  it('ends where a change of policy denies it', async () => {
    const proxy = await proxyTo(chat());
    const socket = await dial(proxy);
    socket.write(websocket);
    await readUntil(socket, 'welcome ');
    proxy.rejudge();
    socket.write('still here');
    await readUntil(socket, 'still here');
    proxy.plan.judge = denyAll;
    const over = closed(socket.resume());
    proxy.rejudge();
    await over;
    const [record] = await proxy.recorded(1);
    expect(record).toMatchObject({ termination: 'policy_change' });
  });

  it('that is denied or declined gets an ordinary answer', async () => {
    const proxy = await proxyTo(httpApplication((_incoming, response) => response.end('plain')));
    const declined = await dial(proxy);
    declined.write(websocket);
    expect(await readUntil(declined, 'plain')).toContain('200 OK');
    proxy.plan.judge = denyAll;
    const denied = await dial(proxy);
    denied.write(websocket);
    expect(await readUntil(denied, 'RBAC: access denied')).toContain('403 Forbidden');
  });
});

describe('Expect: 100-continue', () => {
  const echo = () =>
    httpApplication((incoming, response) => {
      incoming.resume();
      incoming.on('end', () => response.end('thanks'));
    });

  it('is answered by the application, and only where policy allows', async () => {
    const proxy = await proxyTo(echo());
    const socket = await dial(proxy);
    socket.write('POST / HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 4\r\n\r\n');
    expect(await readUntil(socket, '\r\n\r\n')).toContain('100 Continue');
    socket.write('body');
    expect(await readUntil(socket, 'thanks')).toContain('200 OK');
    proxy.plan.judge = denyAll;
    socket.write('POST / HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 4\r\n\r\n');
    const answer = await readUntil(socket, 'RBAC: access denied');
    // The client may send its next request where the body would be: this connection is over.
    expect(answer).toMatch(/403 Forbidden\r\n(.*\r\n)*connection: close\r\n/i);
    expect(answer).not.toContain('100 Continue');
  });
});

describe.skipIf(!hasCurl)('curl', () => {
  const application = () =>
    httpApplication((incoming, response) => {
      const hash = createHash('sha256');
      incoming.on('data', (chunk) => hash.update(chunk));
      incoming.on('end', () => response.end(`${incoming.httpVersion} ${hash.digest('hex')}`));
    });
  const curl = async (proxy: ProxyFixture, ...more: string[]) =>
    (
      await run('curl', [
        '-sS',
        '--max-time',
        '10',
        '-w',
        '\n%{http_code} %{http_version}',
        ...more,
        `http://127.0.0.1:${proxy.port}/`,
      ])
    ).stdout;

  it('uploads in chunks, with 100-continue, and over HTTP/2 with prior knowledge', async () => {
    const proxy = await proxyTo(application());
    const sum = createHash('sha256').update('abc'.repeat(100_000)).digest('hex');
    const body = 'abc'.repeat(100_000);
    const upload = (...more: string[]) =>
      new Promise<string>((resolve, reject) => {
        const child = execFile(
          'curl',
          [
            '-sS',
            '--max-time',
            '10',
            '-T',
            '-',
            '-w',
            ' %{http_code} %{http_version}',
            ...more,
            `http://127.0.0.1:${proxy.port}/`,
          ],
          (error, stdout) => (error === null ? resolve(stdout) : reject(error)),
        );
        child.stdin?.end(body);
      });
    expect(await upload()).toBe(`1.1 ${sum} 200 1.1`);
    expect(await upload('-H', 'Expect: 100-continue')).toBe(`1.1 ${sum} 200 1.1`);
    expect(await upload('--http2-prior-knowledge')).toBe(`1.1 ${sum} 200 2`);
  });

  it('gets 403 in either version', async () => {
    const proxy = await proxyTo(application(), { judge: denyAll });
    expect(await curl(proxy)).toBe('RBAC: access denied\n403 1.1');
    expect(await curl(proxy, '--http2-prior-knowledge')).toBe('RBAC: access denied\n403 2');
    expect(await curl(proxy, '--http2')).toBe('RBAC: access denied\n403 1.1');
  });
});

/** Waits until a number has stopped growing. */
async function settled(read: () => number): Promise<void> {
  for (let before = -1; before !== read(); ) {
    before = read();
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
}
