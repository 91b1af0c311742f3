import type { Socket } from 'node:net';
import type { AuthorizationPolicy, Inventory } from '@sallyport/policy';
import { afterEach, describe, expect, it } from 'vitest';
import { ask, L7Mesh, runHttp, servedBy, waypoint } from '../l7/l7-mesh.js';
import { readAll, readSome } from '../support/await-event.js';
import { ambientNamespace, pod, policy, service } from '../support/manifests.js';
import { inventoryOf } from '../support/test-mesh.js';

const base = [
  ambientNamespace('shop'),
  pod('shop', 'client', { address: '10.1.0.1' }),
  pod('shop', 'server', { address: '10.1.0.3', ports: [8080] }),
  pod('shop', 'web', { address: '10.1.0.4', ports: [8080] }),
  service('shop', 'server', '10.2.0.1', 80, 8080),
  waypoint('shop', 'gate'),
  servedBy('gate', 'shop', 'web', '10.2.0.2', '[{ name: http, port: 80, targetPort: 8080 }]'),
];
const clientOnly = 'action: ALLOW, rules: [{ from: [{ source: { principals: [cluster.local/ns/shop/sa/client] } }] }]';
const atZtunnel = policy('shop', 'at-ztunnel', `{ selector: { matchLabels: { app: server } }, ${clientOnly} }`);
const atWaypoint = policy('shop', 'at-waypoint', `{ targetRefs: [{ kind: Service, group: "", name: web }], ${clientOnly} }`);

let mesh: L7Mesh;
afterEach(() => mesh.stop());

async function start(manifests: readonly string[]): Promise<void> {
  mesh = await L7Mesh.start(manifests, async (made) => {
    await made.run('shop/server', 8080, (socket) => void socket.pipe(socket));
    await runHttp(made, 'shop/web', 8080, (_, response) => response.end('reached'));
  });
}

/** An inventory that calls `read` whenever the sources of a policy's rules are read, as whoever compiles it has to. */
function watched(manifests: readonly string[], read: (policy: AuthorizationPolicy) => void): Inventory {
  const inventory = inventoryOf(manifests);
  for (const each of inventory.policies) {
    for (const rule of each.rules) {
      const { from } = rule;
      const get = () => {
        read(each);
        return from;
      };
      Object.defineProperty(rule, 'from', { get });
    }
  }
  return inventory;
}

async function openAs(host: string): Promise<Socket> {
  return await mesh.mesh.connectAs('shop/client', host, 80);
}

describe('gates that prepare a snapshot', () => {
  // The interpreter compiles nothing.
  it.skipIf(process.env.SALLYPORT_ENGINE === 'interpreter')(
    'have compiled its policies before it is in force, and once for all that come after with the same ones',
    async () => {
      await start(base);
      const read: string[] = [];
      const inventory = watched([...base, atZtunnel, atWaypoint], ({ metadata }) => read.push(metadata.name));
      await mesh.put(mesh.mesh.snapshot(inventory));
      expect(new Set(read)).toEqual(new Set(['at-ztunnel', 'at-waypoint']));
      const compiled = read.length;
      const socket = await openAs('server');
      socket.write('x');
      expect((await readSome(socket)).toString()).toBe('x');
      expect(await ask(await openAs('web'))).toMatchObject({ status: 200 });
      expect(read.slice(compiled)).toEqual([]);
      await mesh.put(mesh.mesh.snapshot({ ...inventory }));
      expect(read.slice(compiled)).toEqual([]);
    },
  );

  it('put one in force of which a policy cannot be compiled, and deny what it concerns', async () => {
    await start(base);
    const inventory = watched([...base, atZtunnel, atWaypoint], () => {
      throw new Error('unreadable');
    });
    await mesh.put(mesh.mesh.snapshot(inventory));
    const socket = await openAs('server');
    socket.write('x');
    await expect(readAll(socket)).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(await mesh.mesh.logged('direction="inbound"', 'error=')).toContain('reason="internal-error"');
    expect(await ask(await openAs('web'))).toMatchObject({ status: 403 });
    expect(await mesh.logged(' 403 ')).toContain('reason="internal-error"');
  });

  it('drop one that is aborted while they prepare it, and can prepare it again', async () => {
    await start(base);
    const snapshot = mesh.mesh.snapshot(inventoryOf([...base, pod('shop', 'more', { address: '10.1.0.9', ports: [8080] })]));
    for (const gate of [mesh.mesh.destination, mesh.gate('shop/gate')]) {
      const before = gate.status();
      const preparing = gate.prepare(snapshot);
      await Promise.all([expect(preparing).rejects.toThrow('is not wanted any more'), gate.abort(snapshot.number)]);
      expect(() => gate.commit(snapshot.number)).toThrow('not prepared');
      expect(gate.status()).toEqual(before);
    }
    await mesh.put(snapshot);
    expect(mesh.mesh.destination.status().snapshot).toBe(snapshot.number);
  });
});
