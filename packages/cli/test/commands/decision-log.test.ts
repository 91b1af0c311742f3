import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type UpMesh, Workshop } from './local-mesh.js';
import { folder } from './manifests.js';

const url = 'http://httpbin:8000/';
let workshop: Workshop;
beforeEach(async () => {
  workshop = await Workshop.open();
});
afterEach(() => workshop.close());

async function start(options: readonly string[]): Promise<UpMesh> {
  return workshop.up(await workshop.folder('mesh', folder), options);
}

/** The lines that a gate has written, once there are any. */
async function decisions(mesh: UpMesh, gate: string): Promise<Record<string, unknown>[]> {
  const file = join((await mesh.status()).logs, `${gate}.decisions.jsonl`);
  const read = () => readFile(file, 'utf8').catch(() => '');
  await expect.poll(read, { timeout: 10_000 }).not.toBe('');
  return (await read())
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

test('up --decision-log writes beside the logs who was refused, and nothing of who was not', async () => {
  const mesh = await start(['--decision-log', '--workers', '2']);
  expect((await (await mesh.client('sleep'))(url)).stdout).toBe('hello /\n');
  await (await mesh.client('stranger'))(url);
  expect(await decisions(mesh, 'ztunnel-destination')).toEqual([
    expect.objectContaining({
      gate: 'ztunnel-destination',
      effect: 'deny',
      reason: 'no-allow-match',
      unmatched: [expect.objectContaining({ name: 'admits-sleep', place: expect.stringContaining('policy.yaml:') })],
      source: expect.objectContaining({ identity: 'spiffe://cluster.local/ns/default/sa/stranger' }),
      snapshot: 1,
    }),
  ]);
});

test('up --decision-log-all writes every decision', async () => {
  const mesh = await start(['--decision-log-all']);
  expect((await (await mesh.client('sleep'))(url)).stdout).toBe('hello /\n');
  expect(await decisions(mesh, 'ztunnel-destination')).toEqual([
    expect.objectContaining({ effect: 'allow', policy: expect.objectContaining({ name: 'admits-sleep' }) }),
  ]);
});

test('without either there is no such file', async () => {
  const mesh = await start([]);
  await (await mesh.client('stranger'))(url);
  expect((await readdir((await mesh.status()).logs)).filter((name) => name.includes('decisions'))).toEqual([]);
});
