import { createServer } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import type { Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import type { Credentials } from '../../src/gate.js';
import { HbonePool } from '../../src/hbone/hbone-pool.js';
import { HboneServer } from '../../src/hbone/hbone-server.js';
import { PeerJudge } from '../../src/identity/peer-judge.js';
import { ask, L7Mesh, servedBy, waypoint } from '../l7/l7-mesh.js';
import { closed, deferred, readAll, readSome, untilTrue } from '../support/await-event.js';
import { ambientNamespace, pod, service } from '../support/manifests.js';
import { pemOf, TestAuthority } from '../support/test-authority.js';

const identities = ['client', 'server', 'gate'].map((name) => `spiffe://cluster.local/ns/shop/sa/${name}`);
const manifests = [
  ambientNamespace('shop'),
  pod('shop', 'client', { address: '10.1.0.1' }),
  pod('shop', 'server', { address: '10.1.0.3', ports: [8080, 9000] }),
  waypoint('shop', 'gate'),
  service('shop', 'straight', '10.2.0.9', 9000, 9000).replace('app: straight', 'app: server'),
  servedBy('gate', 'shop', 'server', '10.2.0.1', '[{ name: http, port: 80, targetPort: 8080 }, { name: tcp, port: 9000 }]'),
];

let mesh: L7Mesh;
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function start(): Promise<void> {
  const server = createServer((_, response) => response.end('done'));
  mesh = await L7Mesh.start(manifests, async (made) => {
    const address = made.addresses.fresh();
    await made.run('shop/server', 9000, (socket) => socket.pipe(socket), address);
    await made.run('shop/server', 8080, (socket) => server.emit('connection', socket), address);
  });
  cleanups.push(() => mesh.stop());
}

async function openTcp(host: string): Promise<Socket> {
  const socket = await mesh.mesh.connectAs('shop/client', host, 9000);
  await echoes(socket);
  return socket;
}

async function echoes(socket: Socket): Promise<void> {
  socket.write('x');
  expect(await readSome(socket)).toBe('x');
}

/** What one client does: a request through the waypoint, a connection through it, and one past it; each from its beginning to its end. */
async function visit(): Promise<void> {
  expect(await ask(await mesh.mesh.connectAs('shop/client', 'server.shop', 80))).toMatchObject({ status: 200, body: 'done' });
  for (const host of ['server.shop', 'straight.shop']) {
    const socket = await mesh.mesh.connectAs('shop/client', host, 9000);
    socket.end(host);
    expect(await readAll(socket)).toBe(host);
  }
}

/** Keeps clients at it while `work` goes on; resolves with how many visits there were. Rejects with the first that fails. */
async function underLoad(work: () => Promise<void>): Promise<number> {
  let visits = 0;
  let over = false;
  const client = async (): Promise<void> => {
    while (!over) {
      await visit();
      visits += 1;
    }
  };
  const clients = Promise.all(Array.from({ length: 4 }, client));
  // A client that fails ends the test when it is awaited, not before.
  clients.catch(() => undefined);
  try {
    await work();
  } finally {
    over = true;
  }
  await clients;
  return visits;
}

describe('certificates that are renewed under load', () => {
  it('fail no request and no connection, and end none that is open', async () => {
    await start();
    const open = [await openTcp('server.shop'), await openTcp('straight.shop')];
    const { authority } = mesh.mesh;
    const visits = await underLoad(async () => {
      for (let round = 0; round < 15; round += 1) {
        for (const identity of identities) authority.put(await authority.issue(identity));
        await visit();
      }
    });
    expect(visits).toBeGreaterThan(15);
    for (const socket of open) await echoes(socket);
  });

  it('may come from a new root: both are trusted for a while, and what the old one admitted ends with it', async () => {
    await start();
    const { authority, lists } = mesh.mesh;
    const next = await TestAuthority.create('CN=next');
    lists.put(pemOf(await authority.list([]), await next.list([])));
    const both = `${authority.bundle}\n${next.bundle}\n`;
    const old = [await openTcp('server.shop'), await openTcp('straight.shop')];
    const young: Socket[] = [];
    await underLoad(async () => {
      for (const identity of identities) put(await authority.fetch(identity), both);
      await visit();
      // At one time: a connection that began in between would go on showing the server's old certificate to new tunnels.
      const renewed = await Promise.all(identities.map((identity) => next.fetch(identity)));
      for (const credentials of renewed) put(credentials, both);
      for (const socket of old) await echoes(socket);
      young.push(await openTcp('server.shop'), await openTcp('straight.shop'));
      const ended = Promise.all(old.map((socket) => closed(socket.resume())));
      // Whoever still shows a certificate of the old root has been refused by none so far, and is by all from here on.
      await settled();
      for (const identity of identities) put(await next.fetch(identity), next.bundle);
      await ended;
      await visit();
    });
    for (const socket of young) await echoes(socket);
  });
});

function put(credentials: Credentials, bundle: string): void {
  mesh.mesh.authority.put({ ...credentials, bundle });
}

/** Resolves once the visits that began with the earlier certificates are over. */
async function settled(): Promise<void> {
  for (let round = 0; round < 4; round += 1) await visit();
}

describe('a connection whose certificate runs out', () => {
  const client = 'spiffe://cluster.local/ns/shop/sa/client';
  const server = 'spiffe://cluster.local/ns/shop/sa/server';
  /** Runs out in a little over two seconds, and is old enough for half of that to be its end. */
  const brief = () => ({
    notBefore: new Date(Date.now() - 60_000),
    notAfter: new Date(Math.ceil(Date.now() / 1000) * 1000 + 2000),
  });

  async function serve(authority: TestAuthority): Promise<HboneServer> {
    const made = await HboneServer.listen({
      address: '127.0.0.1',
      port: 0,
      identity: server,
      credentials: authority,
      peers: new PeerJudge({ trustDomains: () => ['cluster.local'] }),
      handler: (request) => {
        const stream = request.accept();
        stream.pipe(stream);
      },
    });
    cleanups.push(() => made.close(0));
    return made;
  }

  it('gets no new tunnels before that, while those that it has go on to the end', async () => {
    const authority = await TestAuthority.create();
    authority.put(await authority.issue(server, brief()));
    const listener = await serve(authority);
    const pool = new HbonePool({ credentials: authority, peers: new PeerJudge({ trustDomains: () => ['cluster.local'] }) });
    cleanups.push(() => pool.close());
    const request = {
      permit: { effect: 'allow', reason: 'no-policy', audit: [] } as const,
      identity: client,
      address: '127.0.0.1',
      port: listener.port,
      expectedIdentities: [server],
      authority: '10.1.0.3:9000',
    };
    const { stream } = await pool.connect(request);
    authority.put(await authority.issue(server));
    expect(pool.size).toBe(1);
    await untilTrue(() => pool.size === 0);
    stream.write('x');
    expect(await readSome(stream)).toBe('x');
    const { stream: next } = await pool.connect(request);
    await closed(stream);
    next.write('y');
    expect(await readSome(next)).toBe('y');
  });

  it('is told so by the server, for clients that are not ours', async () => {
    const authority = await TestAuthority.create();
    const listener = await serve(authority);
    const { key, chain, bundle } = await authority.issue(client, brief());
    const socket = connectTls({
      port: listener.port,
      host: '127.0.0.1',
      ALPNProtocols: ['h2'],
      checkServerIdentity: () => undefined,
      ...{ key, cert: chain, ca: bundle },
    });
    const session = connectHttp2('https://hbone', { createConnection: () => socket });
    session.on('error', () => undefined);
    cleanups.push(() => session.destroy());
    const told = deferred<number>();
    session.once('goaway', told.resolve);
    const stream = session.request({ ':method': 'CONNECT', ':authority': '10.1.0.3:9000' }, { endStream: false });
    stream.on('error', () => undefined);
    expect(await told.promise).toBe(0);
    stream.write('x');
    expect(await readSome(stream)).toBe('x');
    await closed(stream);
  });
});
