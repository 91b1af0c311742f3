import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import type { Inventory } from '@sallyport/policy';
import { afterEach, describe, expect, it } from 'vitest';
import { closed, readAll, readSome } from '../support/await-event.js';
import { ambientNamespace, pod, service } from '../support/manifests.js';
import { inventoryOf, TestMesh } from '../support/test-mesh.js';

const base = [
  ambientNamespace('shop'),
  pod('shop', 'client', { address: '10.1.0.1' }),
  pod('shop', 'server', { address: '10.1.0.3', ports: [8080] }),
  service('shop', 'server', '10.2.0.1', 80, 8080),
];

let mesh: TestMesh;
afterEach(() => mesh.stop());

/** How many connections the application has got. */
let reached = 0;

async function start(manifests: readonly string[] = base, prepare: (made: TestMesh) => unknown = () => undefined): Promise<void> {
  reached = 0;
  mesh = await TestMesh.start(manifests, async (made) => {
    await made.run('shop/server', 8080, (socket) => {
      reached += 1;
      socket.pipe(socket);
    });
    await prepare(made);
  });
}

async function open(): Promise<Socket> {
  const socket = await mesh.connectAs('shop/client', 'server', 80);
  socket.write('x');
  return socket;
}

async function expectDenied(): Promise<void> {
  const before = reached;
  await expect(readAll(await open())).rejects.toMatchObject({ code: 'ECONNRESET' });
  expect(reached).toBe(before);
}

/** An inventory in which reading one property fails. */
function broken(property: keyof Inventory): Inventory {
  return new Proxy(inventoryOf(base), {
    get: (inventory, name, receiver) => {
      if (name === property) throw new Error(`${property} is broken`);
      return Reflect.get(inventory, name, receiver);
    },
  });
}

describe('a connection is denied', () => {
  it('when the policies cannot be read', async () => {
    await start();
    await mesh.destination.prepare(mesh.snapshot(broken('policies')));
    mesh.destination.commit(2);
    await expectDenied();
    expect(await mesh.logged('direction="inbound"', 'error=')).toContain('reason="internal-error"');
  });

  it('when the services cannot be read at its source', async () => {
    await start();
    const snapshot = mesh.snapshot(broken('servicesByHostname'));
    await mesh.source.prepare(snapshot);
    mesh.source.commit(snapshot.number);
    await expectDenied();
  });

  it('when the client cannot get credentials', async () => {
    await start(base, (made) => made.authority.refused.add('spiffe://cluster.local/ns/shop/sa/client'));
    await expectDenied();
    expect(await mesh.logged('direction="outbound"')).toContain('no credentials for');
  });

  it('when the server cannot get credentials', async () => {
    await start(base, (made) => made.authority.refused.add('spiffe://cluster.local/ns/shop/sa/server'));
    await expectDenied();
  });

  it('when the server proves another identity', async () => {
    const server = 'spiffe://cluster.local/ns/shop/sa/server';
    await start(base, async (made) => {
      const wrong = await made.authority.issue('spiffe://cluster.local/ns/shop/sa/impostor');
      made.authority.put({ ...wrong, identity: server });
    });
    await expectDenied();
    expect(await mesh.logged('direction="outbound"')).toContain('server identity refused');
  });

  it('when the client shows an expired certificate', async () => {
    const client = 'spiffe://cluster.local/ns/shop/sa/client';
    await start(base, async (made) => {
      made.authority.put(await made.authority.issue(client, { notAfter: new Date(Date.now() - 1000) }));
    });
    await expectDenied();
    expect(await mesh.logged('connection failed', 'direction="inbound"')).toContain('dst.addr=10.1.0.3:15008');
  });

  it('when the address of the application is not known', async () => {
    await start();
    mesh.addresses.applicationAddress = () => undefined;
    await expectDenied();
  });

  it('when the address book throws', async () => {
    await start();
    mesh.addresses.policyAddress = () => {
      throw new Error('broken');
    };
    await expectDenied();
  });
});

describe('an open connection is reset', () => {
  it('when the new policies cannot be read', async () => {
    await start();
    const socket = await open();
    await readSome(socket);
    const ended = closed(socket);
    await mesh.put(mesh.snapshot(broken('policies')));
    await ended;
  });

  it('when its client becomes another identity', async () => {
    await start();
    const socket = await open();
    await readSome(socket);
    const ended = closed(socket);
    await mesh.change(base.map((text) => text.replace('serviceAccountName: client', 'serviceAccountName: renamed')));
    await ended;
  });
});

describe('a snapshot', () => {
  it('that needs an address in use is refused by that name, and the one in force stays', async () => {
    await start();
    const extended = [...base, pod('shop', 'late', { address: '10.1.0.7', ports: [9090] })];
    const snapshot = mesh.snapshot(inventoryOf(extended));
    const address = mesh.addresses.socketAddress('10.1.0.7') ?? '';
    const squatter = createServer().listen(9090, address);
    await once(squatter, 'listening');
    const before = mesh.destination.status();
    await expect(mesh.destination.prepare(snapshot)).rejects.toThrow(
      `address ${address}:9090 is in use: plaintext of \`shop/late\``,
    );
    expect(mesh.destination.status()).toEqual(before);
    squatter.close();
    await once(squatter, 'close');
    // Nothing that the refused one opened is left: the same sockets can be opened again.
    await mesh.destination.prepare(snapshot);
    await mesh.destination.abort(snapshot.number);
    await mesh.put(snapshot);
    expect(mesh.destination.status().listeners.map(({ workload }) => workload)).toContain('shop/late');
    const socket = await open();
    expect(await readSome(socket)).toBe('x');
  });

  it('that is not prepared cannot be put in force', async () => {
    await start();
    expect(() => mesh.destination.commit(99)).toThrow('snapshot 99 is not prepared');
  });

  it('that is only prepared admits nobody to what it adds', async () => {
    await start();
    const extended = [...base, pod('shop', 'late', { address: '10.1.0.7', ports: [9090] })];
    const snapshot = mesh.snapshot(inventoryOf(extended));
    await mesh.run('shop/late', 9090, (socket) => socket.end('late'));
    await mesh.destination.prepare(snapshot);
    await mesh.source.prepare(snapshot);
    mesh.source.commit(snapshot.number);
    const denied = await mesh.connectAs('shop/client', '10.1.0.7', 9090);
    await expect(readAll(denied)).rejects.toMatchObject({ code: 'ECONNRESET' });
    mesh.destination.commit(snapshot.number);
    expect(await readAll(await mesh.connectAs('shop/client', '10.1.0.7', 9090))).toBe('late');
  });
});
