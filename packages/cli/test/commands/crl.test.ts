import { cp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { type CertificateAuthority, openAuthority } from '@sallyport/control';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { MeshEvent } from '../../src/supervisor/mesh-event.js';
import { type UpMesh, Workshop } from './local-mesh.js';
import { admits, folder } from './manifests.js';

type RevocationEvent = Extract<MeshEvent, { event: 'revocation' }>;

let workshop: Workshop;
let mesh: UpMesh;
let directory: string;
const sessions: ClientHttp2Session[] = [];

/** A mesh that was up before, so that its authority is there. */
beforeEach(async () => {
  workshop = await Workshop.open();
  directory = await workshop.folder('mesh', { ...folder, 'policy.yaml': admits('sleep') });
  mesh = await workshop.up(directory);
});
afterEach(async () => {
  for (const session of sessions.splice(0)) session.destroy();
  await workshop.close();
});

const at = (name: string) => join(workshop.directory, name);
const list = () => at('lists.pem');

/** A copy of the mesh's authority, which signs lists of its own. */
async function keeper(name: string, options: { lifetimeMs?: number } = {}): Promise<CertificateAuthority> {
  await cp(join((await mesh.status()).logs, '..', 'ca'), at(name), { recursive: true });
  return openAuthority(at(name), name, options);
}

/** Puts a list in its place in one step. */
async function put(text: string): Promise<void> {
  await writeFile(`${list()}.new`, text);
  await rename(`${list()}.new`, list());
}

async function restart(): Promise<void> {
  await mesh.end();
  mesh = await workshop.up(directory, ['--crl', list()]);
}

const told = (problem: string | undefined, since: number) =>
  mesh.find(
    (event): event is RevocationEvent =>
      event.event === 'revocation' &&
      (problem === undefined ? event.problem === undefined : event.problem?.includes(problem) === true),
    since,
  );

async function certify(name: string): Promise<string> {
  const { status, stderr } = await workshop.run(['cert', 'default/sleep', '--out', at(name), '--mesh', mesh.folder]);
  expect(status, stderr).toBe(0);
  return readFile(join(at(name), 'cert-chain.pem'), 'utf8');
}

/** Joins with the files of a folder; resolves with the status of a CONNECT to httpbin, and when the connection has ended. */
async function enter(name: string): Promise<{ status: number | undefined; ended: Promise<void> }> {
  const httpbin = (await mesh.status()).workloads.find(({ key }) => key === 'default/httpbin');
  const [key, cert, ca] = await Promise.all(
    ['key.pem', 'cert-chain.pem', 'root-cert.pem'].map((file) => readFile(join(at(name), file), 'utf8')),
  );
  const tls = { ALPNProtocols: ['h2'], checkServerIdentity: () => undefined, key, cert, ca };
  const socket = connectTls({ host: httpbin?.address ?? '', port: 15_008, ...tls });
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

describe('sallyport up --crl', () => {
  test('refuses what a list of the file names, ends what it admitted when that comes, and admits all others', async () => {
    const authority = await keeper('keeper');
    await put((await authority.revocationList()).list);
    await restart();
    const stolen = await certify('stolen');
    await certify('other');
    const [one, other] = [await enter('stolen'), await enter('other')];
    expect([one.status, other.status]).toEqual([200, 200]);
    let otherEnded = false;
    void other.ended.then(() => {
      otherEnded = true;
    });
    const later = await keeper('later');
    await later.revokeCertificate(stolen);
    const since = mesh.events.length;
    await put((await later.revocationList()).list);
    await told(undefined, since);
    await one.ended;
    await expect(enter('stolen')).rejects.toThrow();
    expect((await enter('other')).status).toBe(200);
    expect(otherEnded).toBe(false);
    const client = await mesh.client('sleep');
    expect((await client('http://httpbin:8000/1')).stdout).toBe('hello /1\n');
    expect((await mesh.status()).revocation).toEqual({ file: list() });
  });

  test('admits nobody while the file cannot be used, and everybody again once it can', async () => {
    const authority = await keeper('keeper');
    const good = (await authority.revocationList()).list;
    const foreign = await openAuthority(at('foreign'), 'foreign');
    const brief = await keeper('brief', { lifetimeMs: 3000 });
    await put(good);
    await restart();
    await certify('sleep');
    const client = await mesh.client('sleep');
    const spoil = async (problem: string, spoiling: Promise<void>, since: number) => {
      await spoiling;
      await told(problem, since);
    };
    const open = await enter('sleep');
    await spoil('it cannot be read: ENOENT', rm(list()), mesh.events.length);
    await open.ended;
    await expect(enter('sleep')).rejects.toThrow();
    expect((await client('http://httpbin:8000/')).status).not.toBe(0);
    expect((await mesh.status()).revocation?.problem).toContain('it cannot be read: ENOENT');
    const { stderr } = await workshop.run(['cert', 'default/sleep', '--out', at('late'), '--mesh', mesh.folder]);
    expect(stderr).toContain('the revocation lists of the mesh cannot be used');
    await spoil('is of an issuer that is no root of the mesh', put((await foreign.revocationList()).list), mesh.events.length);
    // Good for a moment, it may be, and then no more.
    await spoil('has run out at', put(`${good}${(await brief.revocationList()).list}`), mesh.events.length);
    await expect(enter('sleep')).rejects.toThrow();
    const before = mesh.events.length;
    await put(good);
    await told(undefined, before);
    expect((await client('http://httpbin:8000/2')).stdout).toBe('hello /2\n');
    expect((await enter('sleep')).status).toBe(200);
  });

  test('does not start a mesh with a file that cannot be used', async () => {
    await mesh.end();
    const { status, stderr } = await workshop.run(['up', directory, '--crl', at('nowhere.pem'), '--', 'true']);
    expect(status).toBe(1);
    expect(stderr).toContain(`revocation lists \`${at('nowhere.pem')}\` cannot be used: it cannot be read: ENOENT`);
  });

  test('lists are written beside the certificate by `sallyport cert`', async () => {
    await certify('sleep');
    const text = await readFile(join(at('sleep'), 'crl.pem'), 'utf8');
    expect(text).toMatch(/^-----BEGIN X509 CRL-----\n/);
  });
});
