import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { identifyProcess } from '../../src/state/process-identity.js';
import type { MeshEvent } from '../../src/supervisor/mesh-event.js';
import { type Outcome, type UpMesh, Workshop } from './local-mesh.js';
import { admits, folder, waypoint, workloads } from './manifests.js';

const url = 'http://httpbin:8000/public/1';
const guarded = workloads.replace(
  'metadata: {name: httpbin}',
  'metadata: {name: httpbin, labels: {istio.io/use-waypoint: waypoint}}',
);

let workshop: Workshop;
let mesh: UpMesh;
let allowed: (url: string) => Promise<Outcome>;
let denied: (url: string) => Promise<Outcome>;

beforeEach(async () => {
  workshop = await Workshop.open();
  const files = { ...folder, 'workloads.yaml': `${guarded}---${waypoint}`, 'policy.yaml': admits('waypoint') };
  mesh = await workshop.up(await workshop.folder('mesh', files));
  allowed = await mesh.client('sleep');
  denied = await mesh.client('stranger');
});
afterEach(() => workshop.close());

/** Sends requests that policy denies, one after the other, for as long as `work` takes; resolves with what came through. */
async function whileDenying(work: () => Promise<void>): Promise<{ tried: number; through: Outcome[] }> {
  const through: Outcome[] = [];
  let tried = 0;
  let over = false;
  const probing = (async () => {
    do {
      const outcome = await denied(url);
      tried += 1;
      if (outcome.stdout.startsWith('hello')) through.push(outcome);
    } while (!over);
  })();
  try {
    await work();
  } finally {
    over = true;
    await probing;
  }
  return { tried, through };
}

async function recovered(): Promise<void> {
  await expect.poll(async () => (await allowed(url)).stdout, { timeout: 20_000, interval: 50 }).toBe('hello /public/1\n');
}

function restarted(name: string) {
  return (event: MeshEvent): event is Extract<MeshEvent, { event: 'gate' }> =>
    event.event === 'gate' && event.gate === name && event.what === 'restarted';
}

describe('killing a process lets no denied request through, and the mesh recovers', () => {
  test.each(['ztunnel-source', 'ztunnel-destination', 'waypoint default/waypoint'])('%s', async (name) => {
    await recovered();
    const { tried, through } = await whileDenying(async () => {
      for (let round = 0; round < 2; round += 1) {
        const pid = (await mesh.status()).gates.find((gate) => gate.name === name)?.pid;
        const since = mesh.events.length;
        process.kill(pid ?? 0, 'SIGKILL');
        await mesh.find(restarted(name), since);
      }
      await recovered();
    });
    expect(tried).toBeGreaterThan(0);
    expect(through).toEqual([]);
    expect((await denied(url)).stdout).toBe('RBAC: access denied');
  });

  test('the application', async () => {
    await recovered();
    const { through } = await whileDenying(async () => {
      const { application } = (await mesh.status()).workloads.find(({ key }) => key === 'default/httpbin') ?? {};
      const since = mesh.events.length;
      process.kill(application?.state === 'running' ? application.pid : 0, 'SIGKILL');
      await mesh.next('application', since);
      await recovered();
    });
    expect(through).toEqual([]);
  });

  test('any of them, at any moment, while the folder changes', async () => {
    await recovered();
    // Both states deny the stranger, by different policies.
    const states = [admits('waypoint'), `${admits('waypoint')}---${admits('nobody')}`];
    const changes = mesh.events.length;
    const { through } = await whileDenying(async () => {
      for (let round = 0; round < 8; round += 1) {
        const { gates, workloads: all } = await mesh.status();
        const pids = [
          ...gates.map(({ pid }) => pid),
          ...all.map(({ application }) => ('pid' in application ? application.pid : undefined)),
        ];
        const pid = pids.filter((one) => one !== undefined)[Math.floor(Math.random() * 4)];
        const saved = writeFile(join(mesh.folder, 'policy.yaml'), states[round % 2] ?? '');
        // Anywhere from before the change is seen until after it is in force.
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 300));
        if (pid !== undefined) signal(pid);
        await saved;
      }
      await recovered();
    });
    expect(through).toEqual([]);
    expect(mesh.events.slice(changes).some(({ event }) => event === 'changed')).toBe(true);
    const { gates, snapshot } = await mesh.status();
    expect(gates.map((gate) => gate.snapshot)).toEqual(gates.map(() => snapshot));
  });

  test('the supervisor: the gates go on with the last state until the folder is up again', async () => {
    const before = (await mesh.status()).gates.map(({ pid }) => pid);
    const { through } = await whileDenying(async () => {
      mesh.supervisor.kill('SIGKILL');
      await mesh.ended;
      await recovered();
      const orphaned = await workshop.run(['status']);
      expect(orphaned).toMatchObject({ status: 1, stdout: expect.stringContaining('its supervisor is gone') });
      expect((await mesh.exec('sleep', ['curl', '-sS', url])).stdout).toBe('hello /public/1\n');
      mesh = await workshop.up(mesh.folder);
      allowed = await mesh.client('sleep');
      await recovered();
    });
    expect(through).toEqual([]);
    for (const pid of before) expect(identifyProcess(pid ?? 0)).toBeUndefined();
  });

  test('the supervisor: down ends what it left', async () => {
    const { gates, workloads: running } = await mesh.status();
    const pids = [
      ...gates.map(({ pid }) => pid),
      ...running.flatMap(({ application }) => (application.state === 'running' ? application.pid : [])),
    ];
    mesh.supervisor.kill('SIGKILL');
    await mesh.ended;
    expect(await workshop.run(['down'])).toMatchObject({
      status: 0,
      stdout: expect.stringContaining(`${pids.length} processes`),
    });
    for (const pid of pids) expect(identifyProcess(pid ?? 0)).toBeUndefined();
    expect(await workshop.run(['down'])).toMatchObject({ status: 1, stderr: expect.stringContaining('no mesh is up') });
  });
});

/** Kills a process; one that has ended by itself meanwhile is as good. */
function signal(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    expect((error as NodeJS.ErrnoException).code).toBe('ESRCH');
  }
}
