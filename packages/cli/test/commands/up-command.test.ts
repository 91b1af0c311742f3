import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Workshop } from './local-mesh.js';
import { admits, folder, workloads } from './manifests.js';

let workshop: Workshop;
beforeAll(async () => {
  workshop = await Workshop.open();
});
afterAll(() => workshop.close());

describe('up with a command', () => {
  test('runs it once the mesh is ready, and ends with its status and nothing left', async () => {
    const directory = await workshop.folder('command', folder);
    const outcome = await workshop.run(['up', directory, '--', 'sh', '-c', 'echo "mesh $SALLYPORT_MESH"; exit 7']);
    expect(outcome).toMatchObject({ status: 7, stdout: `mesh ${directory}\n` });
    expect(outcome.stderr).toContain('isolation: none');
    expect((await workshop.run(['status'])).stderr).toContain('no mesh is up');
  });

  test('the command finds its mesh, whatever else is up', async () => {
    const other = await workshop.up(await workshop.folder('other', folder));
    const bin = join(import.meta.dirname, '..', '..', 'bin', 'sallyport.js');
    const own = await workshop.folder('own', folder);
    const command = ['--', process.execPath, bin, 'exec', 'sleep', '--', 'curl', '-sS', 'http://httpbin:8000/mine'];
    expect(await workshop.run(['up', '--quiet', own, ...command])).toMatchObject({ status: 0, stdout: 'hello /mine\n' });
    await other.end();
  });

  test('a command that a signal ended gives 128 and its number', async () => {
    const directory = await workshop.folder('signal', folder);
    expect((await workshop.run(['up', directory, '--', 'sh', '-c', 'kill -9 $$'])).status).toBe(137);
  });

  test('a command that is not there gives 127, and the mesh ends', async () => {
    const directory = await workshop.folder('missing', folder);
    expect((await workshop.run(['up', directory, '--', 'no-such-command'])).status).toBe(127);
    expect((await workshop.run(['status'])).status).toBe(1);
  });
});

describe('up does not start', () => {
  test('with an invalid object: every diagnostic has its place', async () => {
    const invalid = admits('sleep').replace('action: ALLOW', 'action: MAYBE');
    const directory = await workshop.folder('invalid', { ...folder, 'policy.yaml': invalid });
    const outcome = await workshop.run(['up', directory]);
    expect(outcome.status).toBe(1);
    expect(outcome.stderr).toContain(`${join(directory, 'policy.yaml')}:7:11: error`);
    expect(outcome.stderr).toContain('not started: 1 error');
    expect((await workshop.run(['status'])).status).toBe(1);
  });

  test('with a folder that is not there', async () => {
    expect(await workshop.run(['up', 'nowhere'])).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('`nowhere` is not a folder'),
    });
  });

  test('without a folder: wrong usage', async () => {
    expect((await workshop.run(['up'])).status).toBe(2);
  });

  test('where an address is in use: it names address, port and workload, and leaves nothing behind', async () => {
    const directory = await workshop.folder('taken', folder);
    const first = await workshop.up(directory);
    const address = (await first.status()).workloads.find(({ key }) => key === 'default/httpbin')?.address;
    await first.end();
    const squatter = createServer().listen({ host: address, port: 8000 });
    await once(squatter, 'listening');
    try {
      const outcome = await workshop.run(['up', directory]);
      expect(outcome.status).toBe(1);
      expect(outcome.stderr).toBe(`sallyport: address ${address}:8000 is in use: plaintext of \`default/httpbin\`\n`);
      expect((await workshop.run(['status'])).stderr).toContain('no mesh is up');
    } finally {
      squatter.close();
    }
  });
});

test('two meshes stand side by side, each with its own addresses and policies', async () => {
  const one = await workshop.up(await workshop.folder('one', folder));
  const two = await workshop.up(await workshop.folder('two', { ...folder, 'policy.yaml': admits('stranger') }));
  const request = ['curl', '-sS', 'http://httpbin:8000/'];
  expect((await one.exec('sleep', request)).status).toBe(0);
  expect((await two.exec('sleep', request)).status).toBe(56);
  expect((await two.exec('stranger', request)).status).toBe(0);
  const unnamed = await workshop.run(['exec', 'sleep', '--', 'true']);
  expect(unnamed).toMatchObject({ status: 1, stderr: expect.stringContaining('several meshes are up') });
  expect((await workshop.run(['status', '--mesh', two.folder])).status).toBe(0);
  await one.end();
  expect((await two.exec('stranger', request)).status).toBe(0);
  await two.end();
});

test('what a run leaves in the state folder is no key but the root, and for its user alone', async () => {
  const mesh = await workshop.up(await workshop.folder('state', { ...folder, 'workloads.yaml': workloads }));
  const { logs } = await mesh.status();
  expect((await readdir(join(logs, '..'))).sort()).toEqual([
    'addresses.json',
    'ca',
    'control.sock',
    'logs',
    'mesh.json',
    'supervisor.lock',
  ]);
  await mesh.end();
  expect((await readdir(join(logs, '..'))).sort()).toEqual(['addresses.json', 'ca', 'logs']);
});
