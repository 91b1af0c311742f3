import { appendFile, readFile } from 'node:fs/promises';
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { curl, type UpMesh, Workshop } from './local-mesh.js';
import { admits, folder } from './manifests.js';

let workshop: Workshop;
let mesh: UpMesh;
let directory: string;
const sessions: ClientHttp2Session[] = [];

beforeEach(async () => {
  workshop = await Workshop.open();
  directory = await workshop.folder('mesh', { ...folder, 'policy.yaml': admits('sleep') });
  mesh = await workshop.up(directory);
});
afterEach(async () => {
  for (const session of sessions.splice(0)) session.destroy();
  await workshop.close();
});

const out = (name: string) => join(workshop.directory, name);

/** Joins as sleep with files that it writes first where there are none; resolves with the status of a CONNECT to httpbin. */
async function joinAs(name: string, write = true): Promise<{ status: number | undefined; ended: Promise<void> }> {
  if (write) {
    const { status, stderr } = await workshop.run(['cert', 'default/sleep', '--out', out(name), '--mesh', mesh.folder]);
    expect(status, stderr).toBe(0);
  }
  const httpbin = (await mesh.status()).workloads.find(({ key }) => key === 'default/httpbin');
  const [key, cert, ca] = await Promise.all(
    ['key.pem', 'cert-chain.pem', 'root-cert.pem'].map((file) => readFile(join(out(name), file), 'utf8')),
  );
  const socket = connectTls({
    host: httpbin?.address ?? '',
    port: 15_008,
    ALPNProtocols: ['h2'],
    checkServerIdentity: () => undefined,
    key,
    cert,
    ca,
  });
  const session = connectHttp2('https://hbone', { createConnection: () => socket });
  sessions.push(session);
  const ended = new Promise<void>((resolve) => session.once('close', () => resolve()));
  const status = await new Promise<number | undefined>((resolve, reject) => {
    session.on('error', reject);
    session.once('close', () => reject(new Error('closed')));
    const stream = session.request(
      { ':method': 'CONNECT', ':authority': `${httpbin?.policyAddress}:8000` },
      { endStream: false },
    );
    stream.on('error', () => undefined);
    stream.once('response', (headers) => resolve(headers[':status']));
  });
  return { status, ended };
}

const revoke = (...args: string[]) => workshop.run(['revoke', '--mesh', mesh.folder, ...args]);

describe('sallyport revoke', () => {
  test('ends what a service account was admitted to, refuses its certificates from then on, and its workload goes on', async () => {
    const stolen = await joinAs('stolen');
    expect(stolen.status).toBe(200);
    const client = await mesh.client('sleep');
    expect((await client('http://httpbin:8000/1')).stdout).toBe('hello /1\n');
    const { status, stdout, stderr } = await revoke('default/sleep');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    // The stolen one and those of the gate processes.
    expect(stdout).toMatch(
      /^spiffe:\/\/cluster\.local\/ns\/default\/sa\/sleep: [2-9] certificates revoked, in force at every gate\n$/,
    );
    await stolen.ended;
    await expect(joinAs('stolen', false)).rejects.toThrow();
    expect((await client('http://httpbin:8000/2')).stdout).toBe('hello /2\n');
    expect((await joinAs('another')).status).toBe(200);
  });

  test('revokes one certificate by its file, and no other of the same service account', async () => {
    const [one, other] = [await joinAs('one'), await joinAs('other')];
    let otherEnded = false;
    void other.ended.then(() => {
      otherEnded = true;
    });
    expect((await revoke('--certificate', join(out('one'), 'cert-chain.pem'))).stdout).toContain(': 1 certificate revoked');
    await one.ended;
    await expect(joinAs('one', false)).rejects.toThrow();
    expect((await joinAs('other', false)).status).toBe(200);
    expect(otherEnded).toBe(false);
  });

  test('holds at a gate that was killed, and after a supervisor that was', async () => {
    await joinAs('stolen');
    await revoke('--certificate', join(out('stolen'), 'cert-chain.pem'));
    const pid = (await mesh.status()).gates.find(({ name }) => name === 'ztunnel-destination')?.pid;
    process.kill(pid ?? 0, 'SIGKILL');
    await mesh.find(
      (event): event is Extract<typeof event, { event: 'gate' }> => event.event === 'gate' && event.what === 'restarted',
    );
    await expect(joinAs('stolen', false)).rejects.toThrow();
    const metrics = (await mesh.status()).gates[0]?.metrics ?? '';
    expect((await curl(metrics)).stdout).toContain('sallyport_supervisor_connected 1');
    mesh.supervisor.kill('SIGKILL');
    await mesh.ended;
    await expect.poll(async () => (await curl(metrics)).stdout).toContain('sallyport_supervisor_connected 0');
    expect((await revoke('default/sleep')).stderr).toContain('the supervisor of the mesh is gone');
    mesh = await workshop.up(directory);
    await expect(joinAs('stolen', false)).rejects.toThrow();
    expect((await joinAs('fresh')).status).toBe(200);
  });

  test('does not start a mesh whose record of revocations cannot be read', async () => {
    const { logs } = await mesh.status();
    await mesh.end();
    const ledger = join(logs, '..', 'ca', 'certificates.jsonl');
    await appendFile(ledger, 'nonsense\n');
    const { status, stderr } = await workshop.run(['up', directory, '--', 'true']);
    expect(status).toBe(1);
    expect(stderr).toContain('certificates.jsonl:');
  });

  test('says what is wrong', async () => {
    expect(await revoke()).toMatchObject({ status: 2 });
    expect((await revoke('default/nobody')).stderr).toContain('no workload of this mesh runs as');
    expect((await revoke('--certificate', '/nowhere')).stderr).toContain('cannot be read: ENOENT');
    const foreign = await workshop.folder('foreign', {
      'cert.pem': await readFile(join(await rootOf(), 'root-certificate.pem'), 'utf8'),
    });
    expect((await revoke('--certificate', join(foreign, 'cert.pem'))).stderr).toContain('has issued no such certificate');
  });
});

/** Where the authority of this mesh keeps its root. */
async function rootOf(): Promise<string> {
  return join((await mesh.status()).logs, '..', 'ca');
}
