import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { identifyProcess } from '../../src/state/process-identity.js';
import type { MeshEvent } from '../../src/supervisor/mesh-event.js';
import type { GateReport } from '../../src/supervisor/mesh-status.js';
import { type Outcome, type UpMesh, Workshop } from './local-mesh.js';
import { admits, folder } from './manifests.js';

const url = 'http://httpbin:8000/';
const held = `${url}hold`;

/** Begins to answer at once; `/hold` never comes to its end. */
const application = `
import { createServer } from 'node:http';
createServer((request, response) => {
  response.write('hello ' + request.url + '\\n');
  if (!request.url.startsWith('/hold')) response.end();
}).listen(process.env.PORT, process.env.HOST);
`;

let workshop: Workshop;
let mesh: UpMesh;
let allowed: (url: string) => Promise<Outcome>;
let denied: (url: string) => Promise<Outcome>;

async function gate(name: string): Promise<GateReport> {
  const found = (await mesh.status()).gates.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no gate ${name}`);
  return found;
}

async function openAt(name: string): Promise<number[]> {
  return ((await gate(name)).workers ?? []).map(({ openConnections }) => openConnections);
}

/** Opens requests that do not end; with how many of them each worker of the source side has, once they are open at both sides. */
async function hold(count: number): Promise<{ readonly requests: Promise<Outcome>[]; readonly shares: number[] }> {
  const requests = Array.from({ length: count }, () => allowed(held));
  await untilOpen(count);
  return { requests, shares: await openAt('ztunnel-source') };
}

async function untilOpen(count: number): Promise<void> {
  for (const name of ['ztunnel-source', 'ztunnel-destination']) {
    await expect.poll(async () => (await gate(name)).openConnections, { timeout: 20_000 }).toBe(count);
  }
}

async function sample(name: string, metric: string): Promise<number> {
  const response = await fetch((await gate(name)).metrics);
  expect(response.headers.get('content-type')).toContain('openmetrics');
  const lines = (await response.text())
    .split('\n')
    .filter((line) => line.startsWith(`${metric}{`) || line.startsWith(`${metric} `));
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
}

function restarted(name: string) {
  return (event: MeshEvent): event is Extract<MeshEvent, { event: 'gate' }> =>
    event.event === 'gate' && event.gate === name && event.what === 'restarted';
}

describe('several workers of a gate', () => {
  beforeEach(async () => {
    workshop = await Workshop.open();
    mesh = await workshop.up(await workshop.folder('mesh', { ...folder, 'app.mjs': application }), ['--workers', '2']);
    allowed = await mesh.client('sleep');
    denied = await mesh.client('stranger');
  });
  afterEach(() => workshop.close());

  test('share its connections, and are one gate in status and metrics', async () => {
    const { requests, shares } = await hold(4);
    const { workers = [], pid, openConnections } = await gate('ztunnel-source');
    expect(workers).toHaveLength(2);
    expect(new Set([pid, ...workers.map((worker) => worker.pid)]).size).toBe(3);
    expect(openConnections).toBe(4);
    expect(await sample('ztunnel-source', 'istio_tcp_connections_opened_total')).toBe(4);
    expect(await sample('ztunnel-destination', 'istio_tcp_sockets_open')).toBe(4);
    // The workloads of the folder, of which each worker serves all.
    expect(await sample('ztunnel-destination', 'istio_active_proxy_count')).toBe(3);
    const { stdout } = await workshop.run(['status', '--mesh', mesh.folder]);
    expect(stdout).toMatch(new RegExp(`shared by process \\d+, ${shares[0]} open; process \\d+, ${shares[1]} open`));
    await writeFile(join(mesh.folder, 'policy.yaml'), admits('nobody'));
    // A change of policy ends what it denies, whichever worker has it.
    for (const { stdout: heard, status } of await Promise.all(requests)) {
      expect(heard).toBe('hello /hold\n');
      expect(status).not.toBe(28);
    }
    expect((await allowed(url)).stdout).toBe('');
  });

  test('one that dies loses its own connections only, and its successor enforces the snapshot in force', async () => {
    await writeFile(join(mesh.folder, 'policy.yaml'), `${admits('sleep')}---${admits('nobody')}`);
    await mesh.next('changed');
    const { requests, shares } = await hold(4);
    const busiest = shares.indexOf(Math.max(...shares));
    let ended = 0;
    for (const request of requests) void request.then(() => (ended += 1));
    const before = await gate('ztunnel-source');
    const counted = await sample('ztunnel-source', 'istio_tcp_connections_opened_total');
    const victim = before.workers?.[busiest]?.pid ?? 0;
    process.kill(victim, 'SIGKILL');
    await expect.poll(() => ended, { timeout: 20_000 }).toBe(shares[busiest]);
    await expect
      .poll(async () => (await gate('ztunnel-source')).workers?.map(({ ready }) => ready), { timeout: 20_000 })
      .toEqual([true, true]);
    const after = await gate('ztunnel-source');
    expect(after.pid).toBe(before.pid);
    expect(after.workers?.map(({ pid }) => pid)).not.toContain(victim);
    expect(after.workers?.map(({ openConnections }) => openConnections)).toEqual(
      shares.map((share, worker) => (worker === busiest ? 0 : share)),
    );
    expect(after.snapshot).toBe((await mesh.status()).snapshot);
    // What the dead one had counted is still counted.
    expect(await sample('ztunnel-source', 'istio_tcp_connections_opened_total')).toBe(counted);
    for (let round = 0; round < 4; round += 1) {
      expect((await allowed(url)).stdout).toBe('hello /\n');
      expect((await denied(url)).stdout).toBe('');
    }
    expect(ended).toBe(shares[busiest]);
  });

  test('share what comes at once, and lose no byte of it', async () => {
    const count = 60;
    const urls = Array.from({ length: count }, (_, index) => `${held}?${index}`);
    const heard = mesh.exec('sleep', [
      'curl',
      '--silent',
      '--no-buffer',
      '--parallel',
      '--parallel-immediate',
      '--parallel-max',
      '100',
      ...urls,
    ]);
    await untilOpen(count);
    // Whoever accepts keeps what is no more than eight ahead of the other; what is on its way may add to that.
    expect(Math.min(...(await openAt('ztunnel-source')))).toBeGreaterThan(count / 4);
    await writeFile(join(mesh.folder, 'policy.yaml'), admits('nobody'));
    const { stdout } = await heard;
    expect(stdout.trim().split('\n').sort()).toEqual(urls.map((each) => `hello ${each.slice(each.indexOf('/hold'))}`).sort());
  });

  test('let nothing through that is denied while they die and the folder changes', async () => {
    const states = [admits('sleep'), `${admits('sleep')}---${admits('nobody')}`];
    const through: Outcome[] = [];
    let over = false;
    const probing = (async () => {
      while (!over) {
        const outcome = await denied(url);
        if (outcome.stdout !== '') through.push(outcome);
      }
    })();
    for (let round = 0; round < 6; round += 1) {
      const { gates } = await mesh.status();
      const pids = gates.flatMap(({ workers = [] }) => workers.flatMap(({ pid }) => pid ?? []));
      const saved = writeFile(join(mesh.folder, 'policy.yaml'), states[round % 2] ?? '');
      // Anywhere from before the change is seen until after it is in force.
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 300));
      const pid = pids[Math.floor(Math.random() * pids.length)];
      if (pid !== undefined && identifyProcess(pid) !== undefined) process.kill(pid, 'SIGKILL');
      await saved;
    }
    await expect.poll(async () => (await allowed(url)).stdout, { timeout: 20_000 }).toBe('hello /\n');
    over = true;
    await probing;
    expect(through).toEqual([]);
    const { gates, snapshot } = await mesh.status();
    expect(gates.map((one) => one.snapshot)).toEqual(gates.map(() => snapshot));
  });

  test('end with the process that hands out their connections, and with the mesh', async () => {
    const { pid, workers = [] } = await gate('ztunnel-destination');
    const since = mesh.events.length;
    process.kill(pid ?? 0, 'SIGKILL');
    await mesh.find(restarted('ztunnel-destination'), since);
    await expect.poll(() => workers.filter((worker) => identifyProcess(worker.pid ?? 0) !== undefined)).toEqual([]);
    await expect.poll(async () => (await allowed(url)).stdout, { timeout: 20_000 }).toBe('hello /\n');
    const all = (await mesh.status()).gates.flatMap(({ workers: each = [] }) => each.flatMap((worker) => worker.pid ?? []));
    expect(all).toHaveLength(4);
    await mesh.end();
    expect(all.filter((one) => identifyProcess(one) !== undefined)).toEqual([]);
  });
});

test.each(['0', '65', '1.5', 'two'])('there are no %s workers', async (count) => {
  workshop = await Workshop.open();
  const outcome = await workshop.run(['up', '--workers', count, '.']);
  await workshop.close();
  expect(outcome).toMatchObject({ status: 2, stderr: expect.stringContaining('from 1 to 64') });
});
