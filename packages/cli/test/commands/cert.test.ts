import { execFile } from 'node:child_process';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { connect as connectHttp2 } from 'node:http2';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type UpMesh, Workshop } from './local-mesh.js';
import { admits, folder } from './manifests.js';

const execute = promisify(execFile);
const identityOf = (account: string) => `spiffe://cluster.local/ns/default/sa/${account}`;

let workshop: Workshop;
let mesh: UpMesh;

beforeAll(async () => {
  workshop = await Workshop.open();
  mesh = await workshop.up(await workshop.folder('mesh', { ...folder, 'policy.yaml': admits('sleep') }));
});
afterAll(() => workshop.close());

const out = (name: string) => join(workshop.directory, name);
const cert = (account: string, directory: string, ...more: string[]) =>
  workshop.run(['cert', account, '--out', out(directory), '--mesh', mesh.folder, ...more]);

async function files(directory: string) {
  const [key, chain, bundle] = await Promise.all(
    ['key.pem', 'cert-chain.pem', 'root-cert.pem'].map((name) => readFile(join(out(directory), name), 'utf8')),
  );
  return { key, cert: chain, ca: bundle };
}

/** Joins the mesh with the files of a folder: the status that httpbin's ztunnel answers to a CONNECT. */
async function statusFor(directory: string): Promise<number | undefined> {
  const status = await mesh.status();
  const { address = '' } = status.workloads.find(({ key }) => key === 'default/httpbin') ?? {};
  const policyAddress = status.workloads.find(({ key }) => key === 'default/httpbin')?.policyAddress;
  const socket = connectTls({
    host: address,
    port: 15008,
    ALPNProtocols: ['h2'],
    minVersion: 'TLSv1.3',
    checkServerIdentity: () => undefined,
    ...(await files(directory)),
  });
  const session = connectHttp2('https://hbone', { createConnection: () => socket });
  try {
    return await new Promise((resolve, reject) => {
      session.on('error', reject);
      const stream = session.request({ ':method': 'CONNECT', ':authority': `${policyAddress}:8000` });
      stream.on('error', reject);
      stream.on('response', (headers) => resolve(headers[':status']));
    });
  } finally {
    session.destroy();
  }
}

describe('sallyport cert', () => {
  test('gives what another proxy needs to join as a service account, and no more than policy gives that one', async () => {
    const { status, stdout, stderr } = await cert('default/sleep', 'sleep');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toContain(identityOf('sleep'));
    expect(await statusFor('sleep')).toBe(200);
    await cert('default/stranger', 'stranger');
    expect(await statusFor('stranger')).toBe(401);
  });

  test('writes files that openssl verifies, the key for this user only', async () => {
    await cert('default/sleep', 'verified');
    const path = (name: string) => join(out('verified'), name);
    expect((await readdir(out('verified'))).sort()).toEqual(['cert-chain.pem', 'crl.pem', 'key.pem', 'root-cert.pem']);
    const modes = await Promise.all(
      ['key.pem', 'cert-chain.pem', 'root-cert.pem'].map(async (name) => (await stat(path(name))).mode),
    );
    expect(modes.map((mode) => mode & 0o777)).toEqual([0o600, 0o644, 0o644]);
    const verified = await execute('openssl', [
      'verify',
      '-x509_strict',
      '-CAfile',
      path('root-cert.pem'),
      path('cert-chain.pem'),
    ]);
    expect(verified.stdout).toContain('OK');
    const unrevoked = ['-crl_check', '-CRLfile', path('crl.pem'), '-CAfile', path('root-cert.pem'), path('cert-chain.pem')];
    expect((await execute('openssl', ['verify', ...unrevoked])).stdout).toContain('OK');
    const text = (await execute('openssl', ['x509', '-in', path('cert-chain.pem'), '-noout', '-ext', 'subjectAltName'])).stdout;
    expect(text).toContain(`URI:${identityOf('sleep')}`);
    const [certificate, key] = await Promise.all([
      execute('openssl', ['x509', '-in', path('cert-chain.pem'), '-noout', '-pubkey']),
      execute('openssl', ['pkey', '-in', path('key.pem'), '-pubout']),
    ]);
    expect(key.stdout).toBe(certificate.stdout);
  });

  test('never replaces a file unless told to, and leaves nothing behind where it may not', async () => {
    await cert('default/sleep', 'kept');
    const before = await files('kept');
    const again = await cert('default/sleep', 'kept');
    expect(again.status).toBe(1);
    expect(again.stderr).toContain('key.pem` exists');
    expect(await files('kept')).toEqual(before);
    const forced = await cert('default/sleep', 'kept', '--force');
    expect(forced.status).toBe(0);
    expect((await files('kept')).key).not.toBe(before.key);

    await workshop.folder('half', { 'root-cert.pem': 'mine' });
    expect((await cert('default/sleep', 'half')).status).toBe(1);
    expect(await readdir(out('half'))).toEqual(['root-cert.pem']);
    expect(await readFile(join(out('half'), 'root-cert.pem'), 'utf8')).toBe('mine');
  });

  test('says what is wrong with a name, and with a place', async () => {
    const unknown = await cert('default/sleeep', 'unknown');
    expect(unknown.status).toBe(1);
    expect(unknown.stderr).toContain('no workload of this mesh runs as `default/sleeep`');
    expect(unknown.stderr).toContain('default/sleep');
    expect((await cert('sleep', 'unknown')).status).toBe(2);
    await writeFile(out('file'), '');
    expect((await cert('default/sleep', 'file')).stderr).toContain('cannot be made');
  });
});
