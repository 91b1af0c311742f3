import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { identifyProcess } from '../../src/state/process-identity.js';
import { meshId } from '../../src/state/runtime-directory.js';
import type { MeshEvent } from '../../src/supervisor/mesh-event.js';
import type { WorkloadReport } from '../../src/supervisor/mesh-status.js';
import { UpMesh, Workshop } from './local-mesh.js';
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

  test.each([
    ['of a gate', 'plaintext of `default/httpbin`', ({ address }: WorkloadReport) => address],
    [
      'of a command',
      'the command of `default/httpbin` is to listen there',
      ({ application }: WorkloadReport) => (application.state === 'running' ? application.address : undefined),
    ],
  ])(
    'where an address %s is in use: it names address, port and workload, and leaves nothing behind',
    async (_, purpose, addressOf) => {
      const directory = await workshop.folder('taken', folder);
      const first = await workshop.up(directory);
      const httpbin = (await first.status()).workloads.find(({ key }) => key === 'default/httpbin');
      const address = httpbin && addressOf(httpbin);
      await first.end();
      const squatter = createServer().listen({ host: address, port: 8000 });
      await once(squatter, 'listening');
      try {
        const outcome = await workshop.run(['up', directory]);
        expect(outcome.status).toBe(1);
        expect(outcome.stderr).toBe(`sallyport: address ${address}:8000 is in use: ${purpose}\n`);
        expect((await workshop.run(['status'])).stderr).toContain('no mesh is up');
      } finally {
        squatter.close();
      }
    },
  );
});

describe('up without a command', () => {
  test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('ends cleanly on %s', async (signal) => {
    const mesh = await workshop.up(await workshop.folder(`signal-${signal}`, folder));
    const pids = (await mesh.status()).gates.map(({ pid }) => pid);
    mesh.supervisor.kill(signal);
    expect((await mesh.ended).status).toBe(0);
    for (const pid of pids) expect(identifyProcess(pid ?? 0)).toBeUndefined();
  });

  test('a second signal ends it with connections open', async () => {
    const mesh = await workshop.up(await workshop.folder('impatient', { ...folder, 'app.mjs': slow }));
    const client = await mesh.client('sleep');
    const answer = client('http://httpbin:8000/');
    await mesh.find((event): event is Extract<MeshEvent, { event: 'line' }> => event.event === 'line' && event.line === 'asked');
    mesh.supervisor.kill('SIGINT');
    await mesh.next('stopping');
    mesh.supervisor.kill('SIGINT');
    expect((await mesh.ended).status).toBe(0);
    expect((await answer).status).not.toBe(0);
  });

  test('a signal while it starts leaves nothing behind', async () => {
    const directory = await workshop.folder('early', folder);
    const mesh = new UpMesh(workshop, directory);
    const state = join(workshop.directory, `sallyport-${process.getuid?.()}`, await meshId(directory), 'mesh.json');
    await expect.poll(() => readFile(state, 'utf8').catch(() => ''), { interval: 5, timeout: 10_000 }).toContain('ztunnel');
    mesh.supervisor.kill('SIGTERM');
    expect((await mesh.ended).status).toBe(0);
    expect(mesh.events.map(({ event }) => event)).not.toContain('ready');
    expect((await workshop.run(['status'])).stderr).toContain('no mesh is up');
  });
});

/** Says that it was asked, and never answers. */
const slow = `
import { createServer } from 'node:http';
createServer(() => console.log('asked')).listen(process.env.PORT, process.env.HOST);
`;

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

test.skipIf(!(await portsAreGuarded()))(
  'a port that this user may not open is served ten thousand above, and policy sees the declared one',
  async () => {
    const plain = await Workshop.open(unprivileged);
    try {
      const policy = `${admits('sleep')}      to: [{operation: {ports: ['80']}}]\n`;
      const files = { ...folder, 'workloads.yaml': workloads.replaceAll('8000', '80'), 'policy.yaml': policy };
      const mesh = await plain.up(await plain.folder('low', files));
      const httpbin = (await mesh.status()).workloads.find(({ key }) => key === 'default/httpbin');
      expect(httpbin).toMatchObject({ ports: [80], servedPorts: [10_080], application: { port: 10_080 } });
      expect(await mesh.exec('sleep', ['curl', '-sS', 'http://httpbin/'])).toMatchObject({ status: 0, stdout: 'hello /\n' });
    } finally {
      await plain.close();
    }
  },
);

/** Someone who may not open low ports: this user, or nobody where this user may do everything. */
const unprivileged = process.getuid?.() === 0 ? 65_534 : undefined;

async function portsAreGuarded(): Promise<boolean> {
  const first = await readFile('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8').catch(() => '0');
  return Number(first) > 80;
}
