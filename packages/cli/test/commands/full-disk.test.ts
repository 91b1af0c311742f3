import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync } from 'node:fs';
import { mkdir, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { MeshEvent } from '../../src/supervisor/mesh-event.js';
import { type UpMesh, Workshop } from './local-mesh.js';
import { admits, folder, workloads } from './manifests.js';

const url = 'http://httpbin:8000/';
const bin = fileURLToPath(new URL('../../bin/sallyport.js', import.meta.url));

let workshop: Workshop;
beforeEach(async () => {
  workshop = await Workshop.open();
});
afterEach(() => workshop.close());

test.skipIf(!existsSync('/dev/full'))('a mesh goes on whose `up` cannot write what it has to say', async () => {
  const manifests = await workshop.folder('mesh', folder);
  const full = openSync('/dev/full', 'w');
  const supervisor = spawn(process.execPath, [bin, 'up', manifests], {
    cwd: workshop.directory,
    env: workshop.environment,
    stdio: ['ignore', full, 'pipe'],
  });
  closeSync(full);
  const [ended, errors] = [once(supervisor, 'exit'), supervisor.stderr === null ? '' : text(supervisor.stderr)];
  const ask = async (client: string) =>
    (await workshop.run(['exec', '--mesh', manifests, client, '--', 'curl', '-sS', '-m', '20', url])).stdout;
  try {
    await expect.poll(() => ask('sleep'), { timeout: 30_000, interval: 200 }).toBe('hello /\n');
    expect(await ask('stranger')).toBe('');
    await writeFile(join(manifests, 'policy.yaml'), admits('stranger'));
    await expect.poll(() => ask('stranger'), { timeout: 30_000, interval: 200 }).toBe('hello /\n');
    expect(await ask('sleep')).toBe('');
  } finally {
    supervisor.kill('SIGTERM');
  }
  expect(await ended).toEqual([0, null]);
  expect(await errors).toBe('');
});

/** Whatever is written there has no place for a second file beside it: as on a full disk, but also for root. */
describe('while a mesh cannot write down what runs', () => {
  let mesh: UpMesh;
  let blocked: string;
  beforeEach(async () => {
    mesh = await workshop.up(await workshop.folder('mesh', folder));
    blocked = join(dirname((await mesh.status()).logs), 'mesh.json.new');
    await mkdir(blocked);
  });

  const isProblem = (event: MeshEvent): event is Extract<MeshEvent, { event: 'gate' | 'application' }> =>
    'detail' in event && event.detail.includes('what runs cannot be written down');

  test('a gate or a command that dies stays down, the others go on, and it is up again once that can be written', async () => {
    const { gates, workloads: running } = await mesh.status();
    const client = await mesh.client('sleep');
    const application = running.find(({ key }) => key === 'default/httpbin')?.application;
    const victims = [
      gates.find(({ name }) => name === 'ztunnel-destination')?.pid,
      application?.state === 'running' ? application.pid : 0,
    ];
    for (const pid of victims) {
      const since = mesh.events.length;
      process.kill(pid ?? 0, 'SIGKILL');
      await mesh.find(isProblem, since);
      expect((await client(url)).stdout).toBe('');
      expect((await mesh.status()).gates.filter(({ state }) => state === 'up').length).toBeGreaterThanOrEqual(1);
      await rmdir(blocked);
      await expect.poll(async () => (await client(url)).stdout, { timeout: 30_000, interval: 100 }).toBe('hello /\n');
      await mkdir(blocked);
    }
    expect(mesh.supervisor.exitCode).toBeNull();
  });

  test('a change that needs it is in force, and it is said that exec does not know of it', async () => {
    const since = mesh.events.length;
    const third = workloads.slice(workloads.indexOf('apiVersion: v1\nkind: Pod'), workloads.indexOf('apiVersion: apps/v1'));
    await writeFile(join(mesh.folder, 'third.yaml'), third.replaceAll('sleep', 'third').replace(/---\n$/, ''));
    const { problem } = await mesh.next('unrecorded', since);
    expect(problem).toContain('cannot be written down');
    expect(await mesh.next('changed', since)).toMatchObject({ snapshot: 2 });
    expect((await mesh.status()).lastRefused).toBeUndefined();
  });
});
