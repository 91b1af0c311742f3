import { execFileSync, spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { curl, type Outcome, type UpMesh, Workshop } from './local-mesh.js';
import { admits, folder, ingress, waypoint } from './manifests.js';

const behindWaypoint = folder['workloads.yaml'].replace(
  'metadata: {name: httpbin}\nspec: {selector',
  'metadata: {name: httpbin, labels: {istio.io/use-waypoint: waypoint}}\nspec: {selector',
);

let workshop: Workshop;
let mesh: UpMesh;
const idle: Socket[] = [];
beforeEach(async () => {
  workshop = await Workshop.open();
  const files = {
    'workloads.yaml': behindWaypoint,
    'waypoint.yaml': waypoint,
    'ingress.yaml': ingress,
    'app.mjs': folder['app.mjs'],
  };
  const policies = `${admits('waypoint')}---${admits('front-istio')}`;
  mesh = await workshop.up(await workshop.folder('mesh', { ...files, 'policy.yaml': policies }));
});
afterEach(async () => {
  for (const socket of idle.splice(0)) socket.destroy();
  await workshop.close();
});

/** Connections that say nothing, to every address and port that a gate listens on. */
async function occupy(gate: string, count: number): Promise<void> {
  const { gates, workloads } = await mesh.status();
  const places = gate.includes(' ')
    ? gates
        .filter(({ name }) => name === gate)
        .map(({ address = '' }) => ({ host: address, port: gate === ingressGate ? 18080 : 15008 }))
    : workloads.map(({ address }) => ({ host: address, port: gate === 'ztunnel-source' ? 15080 : 15008 }));
  for (let at = 0; at < count; at += 1) {
    const place = places[at % places.length];
    if (place !== undefined) idle.push(connect(place).on('error', () => undefined));
  }
}

/** What a client with permission gets, and one without, on a way through the gate. */
async function clients(gate: string): Promise<{ allowed: () => Promise<Outcome>; denied: () => Promise<Outcome> }> {
  if (gate !== ingressGate) {
    const [sleep, stranger] = [await mesh.client('sleep'), await mesh.client('stranger')];
    const url = 'http://httpbin:8000/public/x';
    return { allowed: () => sleep(url), denied: () => stranger(url) };
  }
  const address = (await mesh.status()).gates.find(({ name }) => name === gate)?.address;
  return {
    allowed: () => curl(`http://${address}:18080/public/x`),
    denied: () => curl(`http://${address}:18080/private/x`),
  };
}

const ingressGate = 'gateway default/front';
const hasPrlimit = spawnSync('prlimit', ['--version']).status === 0;

test.skipIf(!hasPrlimit).each(['ztunnel-source', 'ztunnel-destination', 'waypoint default/waypoint', ingressGate])(
  'a gate without a file to spare lets nobody pass that it should not, and serves again once it has some: %s',
  async (gate) => {
    const { allowed, denied } = await clients(gate);
    expect((await allowed()).stdout).toBe('hello /public/x\n');
    expect((await denied()).stdout).not.toContain('hello');

    const pid = (await mesh.status()).gates.find(({ name }) => name === gate)?.pid ?? 0;
    // As many as it has, and a few more; one that it has inherited may have a number beyond.
    const open = () => readdirSync(`/proc/${pid}/fd`).length;
    const files = open() + 8;
    execFileSync('prlimit', ['--pid', String(pid), `--nofile=${files}:${files}`]);
    await occupy(gate, 60);
    await expect.poll(open, { timeout: 10_000 }).toBeGreaterThanOrEqual(files - 1);
    for (let round = 0; round < 3; round += 1) {
      const [, refused] = await Promise.all([allowed(), denied()]);
      expect(refused.stdout).not.toContain('hello');
    }

    for (const socket of idle.splice(0)) socket.destroy();
    await expect.poll(async () => (await allowed()).stdout, { timeout: 30_000 }).toBe('hello /public/x\n');
    expect((await denied()).stdout).not.toContain('hello');
    const after = (await mesh.status()).gates.find(({ name }) => name === gate);
    expect(after).toMatchObject({ pid, ready: true });
  },
);
