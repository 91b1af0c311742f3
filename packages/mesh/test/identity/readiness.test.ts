import { afterEach, describe, expect, it } from 'vitest';
import { L7Mesh, servedBy, waypoint } from '../l7/l7-mesh.js';
import { closed, readSome } from '../support/await-event.js';
import { ambientNamespace, pod } from '../support/manifests.js';

const identity = (name: string) => `spiffe://cluster.local/ns/shop/sa/${name}`;
const manifests = [
  ambientNamespace('shop'),
  pod('shop', 'client', { address: '10.1.0.1' }),
  pod('shop', 'server', { address: '10.1.0.3', ports: [9000] }),
  waypoint('shop', 'gate'),
  servedBy('gate', 'shop', 'server', '10.2.0.1', '[{ name: tcp, port: 9000 }]'),
];

let mesh: L7Mesh;
afterEach(() => mesh.stop());

async function start(): Promise<void> {
  mesh = await L7Mesh.start(manifests, (made) => made.run('shop/server', 9000, (socket) => socket.pipe(socket)));
}

const gates = () => [mesh.mesh.source, mesh.mesh.destination, mesh.gate('shop/gate')];
const readiness = () => gates().map((gate) => gate.status().ready);

describe('a gate is ready', () => {
  it('while it has certificates to show, and one workload without does not make its neighbours seem down', async () => {
    await start();
    expect(readiness()).toEqual([true, true, true]);
    const { refused } = mesh.mesh.authority;
    refused.add(identity('client'));
    expect(readiness()).toEqual([true, true, true]);
    refused.add(identity('server')).add(identity('gate'));
    expect(gates().map((gate) => gate.status().problem)).toEqual([
      'no certificate for any workload',
      'no certificate for any workload',
      `no certificate for ${identity('gate')}`,
    ]);
    expect(readiness()).toEqual([false, false, false]);
    refused.clear();
    expect(readiness()).toEqual([true, true, true]);
  });

  it('while revocation lists can be read', async () => {
    await start();
    mesh.mesh.lists.put(undefined);
    expect(readiness()).toEqual([false, false, false]);
    expect(mesh.gate('shop/gate').status().problem).toContain('revocation lists cannot be had');
    mesh.mesh.lists.put(await mesh.mesh.authority.list([]));
    expect(readiness()).toEqual([true, true, true]);
  });

  it('no more once it drains, while what it carries goes on until the time is over', async () => {
    await start();
    const socket = await mesh.mesh.connectAs('shop/client', 'server.shop', 9000);
    socket.write('x');
    expect(await readSome(socket)).toBe('x');
    const gate = mesh.gate('shop/gate');
    const drained = gate.close(500);
    expect(gate.status().ready).toBe(false);
    socket.write('y');
    expect(await readSome(socket)).toBe('y');
    const ended = closed(socket.resume());
    await drained;
    await ended;
  });
});
