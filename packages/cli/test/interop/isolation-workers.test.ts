import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { MeshEvent } from '../../src/supervisor/mesh-event.js';
import { canIsolate, type IsolatedMesh, isolatedMesh } from './isolated-mesh.js';

const get = ['curl', '-sS', '-m', '10'];

describe.skipIf(!canIsolate)('a mesh with namespaces whose gates have several processes', () => {
  let isolated: IsolatedMesh;
  const as: IsolatedMesh['as'] = (...args) => isolated.as(...args);
  beforeAll(async () => {
    isolated = await isolatedMesh(['--workers', '3']);
  });
  afterAll(() => isolated.workshop.close());

  const workersOf = async (name: string) =>
    (await isolated.mesh.status()).gates.find((gate) => gate.name === name)?.workers ?? [];

  test('judges what comes in, whichever of them gets it', async () => {
    for (let round = 0; round < 12; round += 1) {
      expect((await as('sleep', ...get, 'http://httpbin:8000/x')).stdout).toBe('hello /x\n');
      expect((await as('stranger', ...get, 'http://httpbin:8000/x')).stdout).toBe('');
      expect((await as('sleep', ...get, 'http://guarded:8000/private/x')).stdout).toBe('RBAC: access denied');
      expect((await as('sleep', ...get, 'http://guarded:8000/public/x')).stdout).toBe('hello /public/x\n');
    }
    expect((await workersOf('ztunnel-destination')).map(({ ready }) => ready)).toEqual([true, true, true]);
    expect((await workersOf('waypoint default/waypoint')).map(({ ready }) => ready)).toEqual([true, true, true]);
    expect((await workersOf('ztunnel-source')).map(({ ready }) => ready)).toEqual([true, true, true]);
  });

  test('know each other\u2019s names: whichever of them resolved one, the one that gets the connection knows which is meant', async () => {
    const names = Array.from({ length: 16 }, (_, index) => `n${index}.wild.invalid`);
    const since = isolated.mesh.events.length;
    // A child of its own for each name: resolvers and connections are dealt out by the client's port.
    const curls = names.map((name) => `curl -s -m 20 http://${name}/ & `).join('');
    await as('sleep', 'sh', '-c', `${curls} wait`);
    for (const name of names) {
      const isLine = (event: MeshEvent): event is Extract<MeshEvent, { event: 'line' }> =>
        event.event === 'line' && event.line.includes(`dst.addr=${name}:80`);
      await isolated.mesh.find(isLine, since);
    }
    const resolve = async (name: string) => (await as('sleep', 'getent', 'ahostsv4', name)).stdout.split(/\s/)[0];
    const addresses = new Set<string | undefined>();
    for (let round = 0; round < 12; round += 1) addresses.add(await resolve('n0.wild.invalid'));
    expect([...addresses]).toEqual([expect.stringMatching(/^242\./)]);
  });

  test('one that dies is nobody else\u2019s loss, and lets nothing through', async () => {
    for (const name of ['ztunnel-source', 'ztunnel-destination', 'waypoint default/waypoint']) {
      const [first] = await workersOf(name);
      process.kill(first?.pid ?? 0, 'SIGKILL');
      await expect
        .poll(
          async () => {
            expect((await as('stranger', ...get, 'http://httpbin:8000/x')).stdout).toBe('');
            const workers = await workersOf(name);
            return workers.length === 3 && workers.every(({ pid, ready }) => ready && pid !== first?.pid);
          },
          { timeout: 30_000 },
        )
        .toBe(true);
      expect((await as('sleep', ...get, 'http://guarded:8000/public/x')).stdout).toBe('hello /public/x\n');
    }
  });
});
