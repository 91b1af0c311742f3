import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Permit } from '@sallyport/policy';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { HbonePool, type TunnelRequest } from '../../src/hbone/hbone-pool.js';
import type { HboneRequest } from '../../src/hbone/hbone-request.js';
import { type EarlyRefusal, HboneServer, type HboneServerOptions } from '../../src/hbone/hbone-server.js';
import { pipeTunnel } from '../../src/hbone/pipe-tunnel.js';
import { resetStream, wasReset } from '../../src/hbone/reset.js';
import { PeerJudge } from '../../src/identity/peer-judge.js';
import { closed, deferred, readAll, readSome, untilTrue } from '../support/await-event.js';
import { TestAuthority } from '../support/test-authority.js';

const client = 'spiffe://cluster.local/ns/a/sa/client';
const gate = 'spiffe://cluster.local/ns/b/sa/server';
const permit: Permit = { effect: 'allow', reason: 'no-policy', audit: [] };
const peers = new PeerJudge({ trustDomains: () => ['cluster.local'] });

let authority: TestAuthority;
beforeAll(async () => {
  authority = await TestAuthority.create();
});

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function serve(handler: HboneServerOptions['handler'], more: Partial<HboneServerOptions> = {}): Promise<HboneServer> {
  const server = await HboneServer.listen({
    address: '127.0.0.1',
    port: 0,
    identity: gate,
    credentials: authority,
    peers,
    handler,
    ...more,
  });
  cleanups.push(() => server.close(0));
  return server;
}

function pool(more: Partial<ConstructorParameters<typeof HbonePool>[0]> = {}): HbonePool {
  const made = new HbonePool({ credentials: authority, peers, ...more });
  cleanups.push(() => made.close());
  return made;
}

function request(server: HboneServer, more: Partial<TunnelRequest> = {}): TunnelRequest {
  return {
    permit,
    identity: client,
    address: '127.0.0.1',
    port: server.port,
    expectedIdentities: [gate],
    authority: '10.0.0.1:80',
    ...more,
  };
}

/** Answers by sending everything back. */
function echo(tunnel: HboneRequest): void {
  const stream = tunnel.accept();
  stream.pipe(stream);
}

describe('an HBONE tunnel', () => {
  it('carries bytes both ways and tells the server who connects', async () => {
    const seen: HboneRequest[] = [];
    const server = await serve((tunnel) => {
      seen.push(tunnel);
      echo(tunnel);
    });
    const { stream } = await pool().connect(request(server, { localAddress: '127.0.0.9', headers: { baggage: 'x=y' } }));
    stream.end('hello');
    expect(await readAll(stream)).toBe('hello');
    expect(seen).toHaveLength(1);
    expect(seen[0]?.peer.identity.uri).toBe(client);
    expect(seen[0]?.authority).toBe('10.0.0.1:80');
    expect(seen[0]?.from.address).toBe('127.0.0.9');
    expect(seen[0]?.headers.baggage).toBe('x=y');
  });

  it('shares one connection between tunnels and opens another for another local address', async () => {
    const ports: number[] = [];
    const server = await serve((tunnel) => {
      ports.push(tunnel.from.port);
      echo(tunnel);
    });
    const tunnels = pool();
    await Promise.all([tunnels.connect(request(server)), tunnels.connect(request(server))]);
    expect(new Set(ports).size).toBe(1);
    await tunnels.connect(request(server, { localAddress: '127.0.0.8' }));
    expect(tunnels.size).toBe(2);
  });

  it.each<[string, (stream: Duplex) => unknown]>([
    ['bytes', (stream) => stream.write('late')],
    ['much', (stream) => stream.write(Buffer.alloc(1024 * 1024))],
    ['its end', (stream) => stream.end()],
  ])('that is given up with %s still to send takes no other one of its connection with it', async (_, begin) => {
    const refused: EarlyRefusal[] = [];
    const server = await serve(echo, { onRefused: (refusal) => refused.push(refusal) });
    const tunnels = pool();
    const { stream: other } = await tunnels.connect(request(server));
    for (let round = 0; round < 10; round += 1) {
      const { stream } = await tunnels.connect(request(server));
      begin(stream);
      stream.destroy();
      other.write('x');
      expect(await readSome(other)).toBe('x');
    }
    expect(tunnels.size).toBe(1);
    expect(refused).toEqual([]);
  });

  it('puts at most 100 tunnels on one connection', async () => {
    const server = await serve(echo);
    const tunnels = pool();
    await Promise.all(Array.from({ length: 101 }, () => tunnels.connect(request(server))));
    expect(tunnels.size).toBe(2);
  });

  it('reports the status of a refusal', async () => {
    const server = await serve((tunnel) => tunnel.refuse(401));
    await expect(pool().connect(request(server))).rejects.toMatchObject({
      message: 'http status: 401 Unauthorized',
      status: 401,
      flags: 'DENY',
    });
  });

  it('is refused with 503 when the handler throws', async () => {
    const server = await serve(() => {
      throw new Error('broken');
    });
    await expect(pool().connect(request(server))).rejects.toMatchObject({ status: 503 });
  });

  it('is not opened without a permit', async () => {
    const server = await serve(echo);
    const denied = { effect: 'deny', reason: 'deny-policy', audit: [] } as unknown as Permit;
    await expect(pool().connect(request(server, { permit: denied }))).rejects.toMatchObject({ flags: 'DENY' });
    expect(server.connections).toBe(0);
  });

  it('ends when the keepalive ping is not answered', async () => {
    const paused: Socket[] = [];
    const server = await serve(echo);
    // A relay that stops relaying: the connection stays open, and nobody answers.
    const relay = createServer((socket) => {
      const upstream = connect(server.port, '127.0.0.1');
      socket.pipe(upstream).pipe(socket);
      paused.push(socket, upstream);
    });
    await listen(relay);
    const tunnels = pool({ keepAlive: { intervalMs: 30, timeoutMs: 60 } });
    const { stream } = await tunnels.connect(request(server, { port: portOf(relay) }));
    const ended = closed(stream);
    for (const socket of paused) socket.unpipe().pause();
    await ended;
    for (const socket of paused) socket.destroy();
    await untilTrue(() => tunnels.size === 0);
  });

  it('releases a connection that carried nothing for a while', async () => {
    const server = await serve(echo);
    const tunnels = pool({ idleMs: 20 });
    const { stream } = await tunnels.connect(request(server));
    stream.end();
    await readAll(stream);
    await untilTrue(() => tunnels.size === 0 && server.connections === 0);
  });
});

describe('mutual TLS', () => {
  it('refuses a server with another identity than expected', async () => {
    const server = await serve(echo);
    const other = 'spiffe://cluster.local/ns/b/sa/other';
    await expect(pool().connect(request(server, { expectedIdentities: [other] }))).rejects.toMatchObject({
      flags: 'TLS_FAILURE',
      message: `server identity refused: \`${gate}\` is not \`${other}\``,
    });
    await expect(pool().connect(request(server, { expectedIdentities: [] }))).rejects.toMatchObject({ flags: 'TLS_FAILURE' });
  });

  const refusedPeers: readonly (readonly [string, Parameters<TestAuthority['issue']>[1]])[] = [
    [
      'several URIs',
      {
        names: [
          { type: 'url', value: client },
          { type: 'url', value: gate },
        ],
      },
    ],
    ['no URI', { names: [{ type: 'dns', value: 'client.example' }] }],
    ['a URI that is no workload identity', { names: [{ type: 'url', value: 'spiffe://cluster.local/client' }] }],
    ['a foreign trust domain', { names: [{ type: 'url', value: 'spiffe://other/ns/a/sa/client' }] }],
    ['a certificate that has expired', { notAfter: new Date(Date.now() - 1000) }],
    ['a certificate of the future', { notBefore: new Date(Date.now() + 60_000) }],
  ];
  for (const [what, options] of refusedPeers) {
    it(`drops a peer with ${what}`, async () => {
      const refusals: EarlyRefusal[] = [];
      let handled = 0;
      const server = await serve(
        () => {
          handled += 1;
        },
        { onRefused: (refusal) => refusals.push(refusal) },
      );
      const source = await TestAuthority.create();
      source.put({ ...(await authority.issue(client, options)) });
      await expect(pool({ credentials: source }).connect(request(server))).rejects.toThrow();
      await untilTrue(() => refusals.length > 0);
      expect(handled).toBe(0);
      expect(refusals[0]?.from.address).toBe('127.0.0.1');
    });
  }

  it('drops a peer of another authority', async () => {
    const server = await serve(echo);
    const foreign = await TestAuthority.create();
    foreign.put({ ...(await foreign.issue(client)), bundle: authority.bundle });
    await expect(pool({ credentials: foreign }).connect(request(server))).rejects.toThrow();
  });

  it('admits a peer of an aliased trust domain, until it is no alias any more', async () => {
    let domains = ['cluster.local', 'old'];
    const server = await serve(echo, { peers: new PeerJudge({ trustDomains: () => domains }) });
    const aliased = 'spiffe://old/ns/a/sa/client';
    const { stream } = await pool().connect(request(server, { identity: aliased }));
    stream.write('x');
    expect(await readSome(stream)).toBe('x');
    domains = ['cluster.local'];
    const ended = closed(stream);
    server.rejudge();
    await ended;
  });

  it('ends a connection when the certificate of its peer expires', async () => {
    const server = await serve(echo);
    const source = await TestAuthority.create();
    // Certificates count whole seconds.
    source.put(await authority.issue(client, { notAfter: new Date(Math.ceil(Date.now() / 1000) * 1000 + 1000) }));
    const { stream } = await pool({ credentials: source }).connect(request(server));
    await closed(stream);
    expect(wasReset(stream)).toBe(true);
  });

  it('shows renewed certificates to new connections and keeps the old ones open', async () => {
    const own = await TestAuthority.create();
    const server = await serve(echo, { credentials: own });
    const tunnels = pool({ credentials: own });
    const before = await tunnels.connect(request(server));
    own.put(await own.issue(gate));
    own.put(await own.issue(client));
    const after = await tunnels.connect(request(server));
    for (const { stream } of [before, after]) {
      stream.write('still here');
      expect(await readSome(stream)).toBe('still here');
    }
    expect(server.connections).toBe(2);
    expect(tunnels.size).toBe(1);
  });

  it('refuses every handshake while the listener has no credentials, and serves once it has', async () => {
    const own = await TestAuthority.create();
    own.refused.add(gate);
    const server = await serve(echo, { credentials: own });
    const tunnels = pool({ credentials: own });
    await expect(tunnels.connect(request(server))).rejects.toThrow();
    own.refused.delete(gate);
    own.put(await own.issue(gate));
    const { stream } = await tunnels.connect(request(server));
    stream.end('now');
    expect(await readAll(stream)).toBe('now');
  });

  it('opens nothing for a client that cannot get credentials', async () => {
    const own = await TestAuthority.create();
    own.refused.add(client);
    const server = await serve(echo);
    await expect(pool({ credentials: own }).connect(request(server))).rejects.toMatchObject({ flags: 'IDENTITY_ERROR' });
    expect(server.connections).toBe(0);
  });
});

describe('a piped tunnel', () => {
  /** A TCP client whose connection goes through two gates to the application. */
  async function through(application: (socket: Socket) => void): Promise<Socket> {
    const app = createServer({ allowHalfOpen: true }, (socket) => {
      socket.on('error', () => undefined);
      application(socket);
    });
    await listen(app);
    const server = await serve((tunnel) => {
      const upstream = connect({ host: '127.0.0.1', port: portOf(app), allowHalfOpen: true });
      pipeTunnel(tunnel.accept(), upstream);
    });
    const tunnels = pool();
    const entry = createServer({ allowHalfOpen: true }, async (socket) => {
      socket.on('error', () => undefined);
      const { stream } = await tunnels.connect(request(server));
      pipeTunnel(socket, stream);
    });
    await listen(entry);
    const socket = connect({ host: '127.0.0.1', port: portOf(entry), allowHalfOpen: true });
    socket.on('error', () => undefined);
    cleanups.push(() => socket.destroy());
    return socket;
  }

  it('lets the application answer after the client has finished sending', async () => {
    const socket = await through(async (application) => {
      const question = await readAll(application);
      application.end(`got ${question}`);
    });
    socket.end('question');
    expect(await readAll(socket)).toBe('got question');
  });

  it('lets the client send after the application has finished', async () => {
    const received = deferred<string>();
    const socket = await through((application) => {
      application.end('first');
      readAll(application).then(received.resolve, received.reject);
    });
    expect(await readAll(socket)).toBe('first');
    socket.end('second');
    expect(await received.promise).toBe('second');
  });

  it('passes a reset of the application on as a reset', async () => {
    const socket = await through((application) => {
      application.once('data', () => application.resetAndDestroy());
    });
    socket.write('x');
    await expect(readAll(socket)).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  it('passes a reset of the client on as a reset', async () => {
    const ended = deferred<unknown>();
    const socket = await through((application) => {
      application.write('x');
      readAll(application).then(ended.resolve, ended.resolve);
    });
    await readSome(socket);
    socket.resetAndDestroy();
    expect(await ended.promise).toMatchObject({ code: 'ECONNRESET' });
  });

  it('holds the application back while the client does not read, and loses nothing', async () => {
    const size = 64 * 1024 * 1024;
    let written = 0;
    const socket = await through((application) => {
      const chunk = Buffer.alloc(65_536, 'x');
      const more = (): void => {
        while (written < size) {
          written += chunk.length;
          if (!application.write(chunk)) {
            application.once('drain', more);
            return;
          }
        }
        application.end();
      };
      more();
    });
    socket.pause();
    await settled(() => written);
    expect(written).toBeLessThan(size);
    socket.resume();
    expect((await readAll(socket)).length).toBe(size);
  });

  it('counts what went through it', async () => {
    const server = createServer({ allowHalfOpen: true });
    await listen(server);
    const [a, x] = await pair(server);
    const [b, y] = await pair(server);
    const tunnel = pipeTunnel(x, y);
    a.end('12345');
    b.end('123');
    await Promise.all([readAll(a), readAll(b)]);
    expect(await tunnel.ended).toEqual({ bytesFromA: 5, bytesFromB: 3 });
  });

  it('is cut at both ends when it is reset', async () => {
    const server = createServer({ allowHalfOpen: true });
    await listen(server);
    const [a, x] = await pair(server);
    const [b, y] = await pair(server);
    const tunnel = pipeTunnel(x, y);
    const ends = Promise.allSettled([readAll(a), readAll(b)]);
    tunnel.reset(new Error('policy'));
    for (const end of await ends) expect(end).toMatchObject({ reason: { code: 'ECONNRESET' } });
    expect((await tunnel.ended).error?.message).toBe('policy');
  });

  it('closes a socket that is reset in the middle of its ending', async () => {
    const server = createServer({ allowHalfOpen: true });
    await listen(server);
    const [, x] = await pair(server);
    const ended = closed(x);
    x.end();
    resetStream(x);
    await ended;
  });

  it('resets the other side of a stream that was closed before it began', async () => {
    const server = createServer({ allowHalfOpen: true });
    await listen(server);
    const [a, x] = await pair(server);
    const [, y] = await pair(server);
    const end = readAll(a);
    resetStream(y);
    pipeTunnel(x, y);
    await expect(end).rejects.toMatchObject({ code: 'ECONNRESET' });
  });
});

async function pair(server: Server): Promise<[Socket, Socket & Duplex]> {
  const accepted = once(server, 'connection');
  const socket = connect({ host: '127.0.0.1', port: portOf(server), allowHalfOpen: true });
  const [other] = (await accepted) as [Socket];
  // Both ends are expected to be reset by some tests, perhaps when nobody listens yet.
  for (const end of [socket, other]) end.on('error', () => undefined);
  cleanups.push(() => socket.destroy());
  return [socket, other];
}

async function listen(server: Server): Promise<void> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => server.close());
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** Resolves when a number has stopped growing for a while. */
async function settled(read: () => number): Promise<void> {
  let last = -1;
  while (last !== read()) {
    last = read();
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
