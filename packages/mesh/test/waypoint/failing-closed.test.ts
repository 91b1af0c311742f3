import { once } from 'node:events';
import type { Socket } from 'node:net';
import type { Inventory } from '@sallyport/policy';
import { afterEach, describe, expect, it } from 'vitest';
import { ask, L7Mesh, readUntil, runHttp, servedBy, waypoint } from '../l7/l7-mesh.js';
import { closed, deferred, readAll, readSome } from '../support/await-event.js';
import { ambientNamespace, pod, policy } from '../support/manifests.js';
import { inventoryOf, type TestMesh } from '../support/test-mesh.js';

const ports = (port: string) => `[{ ${port} port: 80, targetPort: 8080 }]`;
const base = [
  ambientNamespace('shop'),
  pod('shop', 'client', { address: '10.1.0.1' }),
  pod('shop', 'server', { address: '10.1.0.3', ports: [8080] }),
  waypoint('shop', 'gate', 'all'),
];
const http = [...base, servedBy('gate', 'shop', 'server', '10.2.0.1', ports('name: http,'))];
const closing = policy('shop', 'closed', '{ targetRefs: [{ kind: Gateway, group: gateway.networking.k8s.io, name: gate }] }');

let mesh: L7Mesh;
afterEach(() => mesh.stop());

const as = (host = 'server.shop', port = 80) => mesh.mesh.connectAs('shop/client', host, port);
const echo = (socket: Socket) => void socket.pipe(socket);

async function startHttp(manifests: readonly string[]): Promise<string[]> {
  const seen: string[] = [];
  mesh = await L7Mesh.start(manifests, (made) =>
    runHttp(made, 'shop/server', 8080, (incoming, response) => {
      seen.push(`${incoming.method} ${incoming.url}`);
      response.end('reached');
    }),
  );
  return seen;
}

describe('a waypoint in which something fails', () => {
  it('denies where policies cannot be bound', async () => {
    const seen = await startHttp(http);
    const broken: Inventory = {
      ...inventoryOf(http),
      get policies(): never {
        throw new Error('unreadable');
      },
    };
    const gate = mesh.gate('shop/gate');
    const snapshot = { ...mesh.mesh.snapshot(inventoryOf(http)), inventory: broken };
    await gate.prepare(snapshot);
    gate.commit(snapshot.number);
    expect(await ask(await as())).toMatchObject({ status: 403 });
    expect(await mesh.logged(' 403 ')).toContain('reason="internal-error"');
    expect(seen).toEqual([]);
  });

  it('serves nobody without credentials, and serves again once it has them', async () => {
    await startHttp(http);
    mesh.mesh.authority.refused.add('spiffe://cluster.local/ns/shop/sa/gate');
    await mesh.change([...http, pod('shop', 'more', { address: '10.1.0.9' })]);
    expect(await ask(await as())).toMatchObject({ status: 503 });
    mesh.mesh.authority.refused.clear();
    expect(await ask(await as())).toMatchObject({ status: 200 });
  });

  it('keeps the snapshot in force where another one cannot be prepared', async () => {
    await startHttp([...http, closing]);
    const gate = mesh.gate('shop/gate');
    expect(() => gate.commit(99)).toThrow('not prepared');
    const open = mesh.mesh.snapshot(inventoryOf(http));
    await gate.prepare(open);
    await gate.abort(open.number);
    expect(() => gate.commit(open.number)).toThrow('not prepared');
    expect(await ask(await as())).toMatchObject({ status: 403 });
  });

  it('serves nothing any more once a snapshot has no such waypoint', async () => {
    await startHttp(http);
    const socket = await as();
    socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n');
    await readUntil(socket, 'reached');
    const gone = closed(socket.resume());
    const without = mesh.mesh.snapshot(inventoryOf(http.filter((text) => !text.includes('kind: Gateway'))));
    const gate = mesh.gate('shop/gate');
    await gate.prepare(without);
    gate.commit(without.number);
    await gone;
    expect(gate.status().listeners).toEqual([]);
  });

  it('does not start as what it is not', async () => {
    await startHttp(http);
    const { startWaypoint } = await import('../../src/waypoint/waypoint.js');
    const { authority, metrics } = mesh.mesh;
    const snapshot = mesh.mesh.snapshot(inventoryOf(http));
    const start = startWaypoint({ gateway: 'shop/none', snapshot, credentials: authority, metrics, log: () => undefined });
    await expect(start).rejects.toThrow('`shop/none` is no waypoint of this mesh');
  });

  it('stops a request that is denied while its body is still to come', async () => {
    // Outside the mesh, so that the waypoint itself dials it, in plaintext.
    const uncaptured = http.map((text) =>
      text.includes('name: server, labels: { app') ? text.replace('labels: {', 'labels: { istio.io/dataplane-mode: none,') : text,
    );
    const opened = deferred<void>();
    const received: string[] = [];
    mesh = await L7Mesh.start(uncaptured, (made) =>
      made.run('shop/server', 8080, (socket) => {
        opened.resolve();
        socket.on('data', (chunk) => received.push(String(chunk)));
      }),
    );
    const socket = await as();
    const gone = closed(socket.resume());
    socket.write('POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\n');
    await opened.promise;
    await mesh.change([...uncaptured, closing]);
    socket.write('0123456789');
    await gone;
    expect(received.join('')).not.toContain('0123456789');
    expect(await mesh.logged('POST')).toContain('policy_change');
  });
});

describe('a port of undeclared protocol', () => {
  const undeclared = [...base, servedBy('gate', 'shop', 'server', '10.2.0.1', ports(''))];
  const readers = policy(
    'shop',
    'readers',
    '{ targetRefs: [{ kind: Service, group: "", name: server }], rules: [{ to: [{ operation: { methods: [GET] } }] }] }',
  );

  it('is served as what its first bytes are', async () => {
    await startHttp([...undeclared, readers]);
    expect(await ask(await as())).toMatchObject({ status: 200 });
    expect(await ask(await as(), { method: 'DELETE' })).toMatchObject({ status: 403 });
  });

  it('is served as TCP where the client waits for the other side to begin', async () => {
    const greets = (made: TestMesh) => made.run('shop/server', 8080, (socket) => void socket.write('220 ready'));
    mesh = await L7Mesh.start(undeclared, greets, { sniffTimeoutMs: 100 });
    expect(await readSome(await as())).toBe('220 ready');
  });

  it('denies to other TCP what only a request could be allowed', async () => {
    mesh = await L7Mesh.start(undeclared, (made) => made.run('shop/server', 8080, echo));
    const allowed = await as();
    allowed.end('\u0000binary');
    expect(await readAll(allowed)).toBe('\u0000binary');
    await mesh.change([...undeclared, readers]);
    const denied = await as();
    denied.write('\u0000binary');
    await expect(readAll(denied)).rejects.toMatchObject({ code: 'ECONNRESET' });
  });
});

describe('traffic to a workload behind a waypoint', () => {
  it("is judged by what attaches to the waypoint, by the workload's own port", async () => {
    const labelled = http.map((text) =>
      text.includes('name: server, labels: { app') ? text.replace('labels: {', 'labels: { istio.io/use-waypoint: gate,') : text,
    );
    const onPort = policy(
      'shop',
      'on-port',
      '{ targetRefs: [{ kind: Gateway, group: gateway.networking.k8s.io, name: gate }], rules: [{ to: [{ operation: { ports: ["8080"], paths: ["/open"] } }] }] }',
    );
    await startHttp([...labelled, onPort]);
    expect(await ask(await as('10.1.0.3', 8080), { path: '/open' })).toMatchObject({ status: 200, body: 'reached' });
    expect(await ask(await as('10.1.0.3', 8080), { path: '/closed' })).toMatchObject({ status: 403 });
    expect(await mesh.logged('/closed')).toContain(' 10.1.0.3:8080 ');
  });
});

describe('a waypoint that stops', () => {
  it('lets a request finish, takes no other, and ends what is idle at once', async () => {
    const asked = deferred<() => void>();
    mesh = await L7Mesh.start(http, (made) =>
      runHttp(made, 'shop/server', 8080, (incoming, response) => {
        if (incoming.url === '/slow') asked.resolve(() => response.end('finished'));
        else response.end('quick');
      }),
    );
    const idle = await as();
    idle.write('GET /quick HTTP/1.1\r\nhost: a\r\n\r\n');
    await readUntil(idle, 'quick');
    const busy = await as();
    busy.write('GET /slow HTTP/1.1\r\nhost: a\r\n\r\n');
    const finish = await asked.promise;
    const idleEnded = once(idle.resume(), 'end');
    const stopped = mesh.gate('shop/gate').close(5_000);
    await idleEnded;
    finish();
    const answer = await readUntil(busy, 'finished');
    expect(answer).toMatch(/200 OK\r\n(.*\r\n)*connection: close\r\n/i);
    busy.end();
    await stopped;
  });
});
