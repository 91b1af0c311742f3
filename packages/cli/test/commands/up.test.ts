import { once } from 'node:events';
import { rename, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AddressPlan } from '../../src/addresses/address-plan.js';
import type { MeshEvent } from '../../src/supervisor/mesh-event.js';
import { curl, type UpMesh, Workshop } from './local-mesh.js';
import { admits, folder, waypoint, workloads } from './manifests.js';

let workshop: Workshop;
let mesh: UpMesh;
beforeAll(async () => {
  workshop = await Workshop.open();
  mesh = await workshop.up(await workshop.folder('mesh', folder));
});
afterAll(() => workshop.close());

describe('exec', () => {
  test('a command goes where its workload may go', async () => {
    const outcome = await mesh.exec('default/sleep', ['curl', '-sS', 'http://httpbin:8000/one']);
    expect(outcome).toEqual({ status: 0, stdout: 'hello /one\n', stderr: '' });
  });

  test('a connection that is denied is reset, so that curl ends with 56', async () => {
    const outcome = await mesh.exec('stranger', ['curl', '-sS', 'http://httpbin:8000/one']);
    expect(outcome).toMatchObject({ status: 56, stdout: '' });
  });

  test('standard input, output, error and exit status pass through', async () => {
    const outcome = await mesh.exec('sleep', ['sh', '-c', 'cat; echo oops >&2; exit 7'], 'typed\n');
    expect(outcome).toEqual({ status: 7, stdout: 'typed\n', stderr: 'oops\n' });
  });

  test('a command that a signal ended has the status that a shell gives it', async () => {
    expect((await mesh.exec('sleep', ['sh', '-c', 'kill -TERM $$'])).status).toBe(143);
  });

  test('a command that is not there has status 127', async () => {
    expect(await mesh.exec('sleep', ['no-such-command'])).toMatchObject({ status: 127, stdout: '' });
  });

  test('inherited proxies are cleared', async () => {
    const environment = { http_proxy: 'http://127.0.0.1:1', NO_PROXY: '*', SALLYPORT_MESH: mesh.folder };
    const outcome = await workshop.run(['exec', 'sleep', '--', 'curl', '-sS', 'http://httpbin:8000/'], { environment });
    expect(outcome).toMatchObject({ status: 0, stdout: 'hello /\n' });
  });

  test('a workload that is not there is wrong usage, and near ones are named', async () => {
    const outcome = await mesh.exec('default/slepp', ['true']);
    expect(outcome.status).toBe(2);
    expect(outcome.stderr).toBe('sallyport: no workload `default/slepp` in this mesh\n  hint: did you mean default/sleep?\n');
  });

  test("another workload's credential does not open a workload's listener", async () => {
    const own = (await mesh.exec('stranger', ['printenv', 'ALL_PROXY'])).stdout.trim();
    const other = (await mesh.exec('sleep', ['printenv', 'ALL_PROXY'])).stdout.trim();
    const forged = new URL(own);
    forged.host = new URL(other).host;
    expect(await curl('http://httpbin:8000/', { ALL_PROXY: forged.href })).toMatchObject({ stdout: '' });
    expect(await curl('http://httpbin:8000/', { ALL_PROXY: `socks5h://${forged.host}` })).toMatchObject({ stdout: '' });
    expect(await curl('http://httpbin:8000/', { ALL_PROXY: other })).toMatchObject({ stdout: 'hello /\n' });
  });
});

describe('status', () => {
  test('lists gates, workloads and the policies in force with their place', async () => {
    const status = await mesh.status();
    expect(status).toMatchObject({ isolation: 'none', dialect: 'strict' });
    expect(status.gates.map((gate) => [gate.name, gate.state, gate.ready])).toEqual([
      ['ztunnel-destination', 'up', true],
      ['ztunnel-source', 'up', true],
    ]);
    const httpbin = status.workloads.find((workload) => workload.key === 'default/httpbin');
    expect(httpbin).toMatchObject({ identity: 'spiffe://cluster.local/ns/default/sa/httpbin', ports: [8000] });
    expect(httpbin?.application).toMatchObject({ state: 'running', command: 'exec node app.mjs' });
    expect(httpbin?.policies).toMatchObject([
      { name: 'admits-sleep', action: 'ALLOW', file: join(mesh.folder, 'policy.yaml'), line: 4 },
    ]);
    expect(status.workloads.find((workload) => workload.key === 'default/sleep')?.application).toEqual({ state: 'none' });
  });

  test('names endpoints that answer', async () => {
    for (const { metrics } of (await mesh.status()).gates) {
      expect((await curl(metrics)).stdout).toContain('# EOF');
      expect((await curl(metrics.replace('/metrics', '/healthz/ready'))).stdout).toBe('ready\n');
    }
  });

  test('is for people as well', async () => {
    const { status, stdout } = await workshop.run(['status']);
    expect(status).toBe(0);
    expect(stdout).toContain('isolation: none');
    expect(stdout).toContain('spiffe://cluster.local/ns/default/sa/httpbin');
    expect(stdout).toContain('ALLOW default/admits-sleep (selector)');
  });
});

describe('a change of the folder', () => {
  async function save(file: string, content: string, kind: 'changed' | 'refused'): Promise<MeshEvent> {
    const since = mesh.events.length;
    await writeFile(join(mesh.folder, `.${file}`), content);
    await rename(join(mesh.folder, `.${file}`), join(mesh.folder, file));
    return mesh.next(kind, since);
  }

  async function admitted(): Promise<string[]> {
    const names = ['sleep', 'stranger'];
    const outcomes = await Promise.all(names.map((name) => mesh.exec(name, ['curl', '-sS', 'http://httpbin:8000/'])));
    return names.filter((_, index) => outcomes[index]?.status === 0);
  }

  test('is in force at every gate', async () => {
    const event = await save('policy.yaml', admits('stranger'), 'changed');
    const { gates } = await mesh.status();
    expect(gates.map((gate) => gate.snapshot)).toEqual(gates.map(() => (event as { snapshot: number }).snapshot));
    expect(await admitted()).toEqual(['stranger']);
  });

  test('that cannot be read is refused with its place, and the last good state stays', async () => {
    const broken = `${admits('sleep')}---\nkind: [\n`;
    const before = (await mesh.status()).snapshot;
    const event = await save('policy.yaml', broken, 'refused');
    expect(event).toMatchObject({
      snapshot: before,
      diagnostics: [{ file: join(mesh.folder, 'policy.yaml'), code: 'yaml-syntax' }],
    });
    expect(await admitted()).toEqual(['stranger']);
    expect((await mesh.status()).lastRefused?.diagnostics).toMatchObject([{ code: 'yaml-syntax' }]);
    const { stdout } = await workshop.run(['status']);
    expect(stdout).toContain('was refused');
  });

  test('that is valid again is in force, and status forgets the refusal', async () => {
    await save('policy.yaml', admits('sleep'), 'changed');
    expect((await mesh.status()).lastRefused).toBeUndefined();
    expect(await admitted()).toEqual(['sleep']);
  });

  test('may bring a gate and take it away again', async () => {
    const labelled = workloads.replace(
      'metadata: {name: httpbin}',
      'metadata: {name: httpbin, labels: {istio.io/use-waypoint: waypoint}}',
    );
    await save('workloads.yaml', `${labelled}---${waypoint}`, 'changed');
    await save('policy.yaml', admits('waypoint'), 'changed');
    const gate = (await mesh.status()).gates.find(({ kind }) => kind === 'waypoint');
    expect(gate).toMatchObject({
      name: 'waypoint default/waypoint',
      state: 'up',
      identity: 'spiffe://cluster.local/ns/default/sa/waypoint',
    });
    expect(gate?.policies).toMatchObject([{ name: 'reads', target: 'Service/default/httpbin' }]);
    const get = (path: string) => mesh.exec('sleep', ['curl', '-sS', `http://httpbin:8000${path}`]);
    expect((await get('/public/1')).stdout).toBe('hello /public/1\n');
    expect((await get('/private')).stdout).toBe('RBAC: access denied');
    await save('policy.yaml', admits('sleep'), 'changed');
    await save('workloads.yaml', workloads, 'changed');
    expect((await mesh.status()).gates.map(({ kind }) => kind)).not.toContain('waypoint');
    expect(await admitted()).toEqual(['sleep']);
  });

  test('that a gate cannot take is refused by all, and the last good state stays', async () => {
    const before = await mesh.status();
    const late = admits('late').concat(`---
apiVersion: v1
kind: Pod
metadata: {name: late}
spec: {serviceAccountName: late, containers: [{name: main, image: none, ports: [{containerPort: 9000}]}]}
`);
    const address = new AddressPlan(before.id).address('workload', 'default/late');
    const squatter = createServer().listen({ host: address, port: 9000 });
    await once(squatter, 'listening');
    try {
      const event = await save('policy.yaml', late, 'refused');
      expect(event).toMatchObject({ error: `address ${address}:9000 is in use: plaintext of \`default/late\`` });
      expect((await mesh.status()).gates.map(({ snapshot }) => snapshot)).toEqual(before.gates.map(() => before.snapshot));
      expect(await admitted()).toEqual(['sleep']);
    } finally {
      squatter.close();
    }
    await save('policy.yaml', admits('stranger'), 'changed');
    expect(await admitted()).toEqual(['stranger']);
    await save('policy.yaml', admits('sleep'), 'changed');
  });

  test('of the command of a workload ends the old one and starts the new', async () => {
    const shouting = workloads.replace('exec node app.mjs', 'exec node shout.mjs');
    await writeFile(join(mesh.folder, 'shout.mjs'), folder['app.mjs'].replace('hello', 'HELLO'));
    await save('workloads.yaml', shouting, 'changed');
    const client = await mesh.client('sleep');
    await expect.poll(async () => (await client('http://httpbin:8000/')).stdout, { timeout: 10_000 }).toBe('HELLO /\n');
    await save('workloads.yaml', workloads, 'changed');
    await expect.poll(async () => (await client('http://httpbin:8000/')).stdout, { timeout: 10_000 }).toBe('hello /\n');
  });
});

test('the mesh of a folder is up once', async () => {
  const outcome = await workshop.run(['up', mesh.folder]);
  expect(outcome.status).toBe(1);
  expect(outcome.stderr).toContain(`is already up (process ${mesh.supervisor.pid})`);
});
