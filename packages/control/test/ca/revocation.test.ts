import { execFile } from 'node:child_process';
import { appendFile, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type CertificateAuthority, createCertificateRequest, openAuthority } from '../../src/index.js';

const execute = promisify(execFile);
const sleep = 'spiffe://cluster.local/ns/default/sa/sleep';
const other = 'spiffe://cluster.local/ns/default/sa/other';

let directory: string;
let authority: CertificateAuthority;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'sallyport-ca-'));
  authority = await openAuthority(directory, 'mesh');
});
afterEach(() => rm(directory, { recursive: true }));

const issue = async (identity: string, from = authority) =>
  (await from.issue(identity, (await createCertificateRequest()).request)).chain;

/** What OpenSSL says of a certificate by the root and the list. */
async function judge(chain: string, from = authority): Promise<string> {
  const write = async (name: string, text: string) => {
    await writeFile(join(directory, name), text);
    return join(directory, name);
  };
  const [root, list] = [await write('root.pem', from.bundle), await write('list.pem', (await from.revocationList()).list)];
  const args = ['verify', '-x509_strict', '-crl_check', '-CRLfile', list, '-CAfile', root, await write('leaf.pem', chain)];
  return execute('openssl', args).then(
    ({ stdout }) => stdout,
    (error: { stderr: string }) => error.stderr,
  );
}

describe('what an authority revokes', () => {
  test('is in a list that OpenSSL goes by, and nothing else is', async () => {
    const [one, two, foreign] = [await issue(sleep), await issue(sleep), await issue(other)];
    expect(await judge(one)).toContain('OK');
    expect(await authority.revoke(sleep)).toBe(2);
    expect(await authority.revoke(sleep)).toBe(0);
    expect(await judge(one)).toContain('certificate revoked');
    expect(await judge(two)).toContain('certificate revoked');
    expect(await judge(foreign)).toContain('OK');
    expect(await judge(await issue(sleep))).toContain('OK');
  });

  test('may be a single certificate', async () => {
    const [one, two] = [await issue(sleep), await issue(sleep)];
    expect(await authority.revokeCertificate(one)).toBe(sleep);
    expect(await judge(one)).toContain('certificate revoked');
    expect(await judge(two)).toContain('OK');
  });

  test('is nothing that another authority has issued', async () => {
    const elsewhere = await openAuthority(join(directory, 'elsewhere'), 'mesh');
    await expect(authority.revokeCertificate(await issue(sleep, elsewhere))).rejects.toThrow('has issued no such certificate');
    await expect(authority.revokeCertificate('nonsense')).rejects.toThrow();
  });

  test('stays revoked when the authority is opened again, until it would have run out', async () => {
    const one = await issue(sleep);
    await authority.revoke(sleep);
    const again = await openAuthority(directory, 'mesh');
    expect(await judge(one, again)).toContain('certificate revoked');
    const later = await openAuthority(directory, 'mesh', { now: () => new Date(Date.now() + 2 * 86_400_000) });
    expect(await readFile(join(directory, 'certificates.jsonl'), 'utf8')).toBe('');
    expect((await later.revocationList()).list).toContain('BEGIN X509 CRL');
  });

  test('survives a write that a crash cut short; a record that is damaged is not passed over', async () => {
    const one = await issue(sleep);
    await authority.revoke(sleep);
    const file = join(directory, 'certificates.jsonl');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    await appendFile(file, '{"serial":"0');
    expect(await judge(one, await openAuthority(directory, 'mesh'))).toContain('certificate revoked');
    await appendFile(file, '{"serial":"0\n');
    await expect(openAuthority(directory, 'mesh')).rejects.toThrow('certificates.jsonl:2: no record of a certificate');
  });

  test('is written down for each of many that are issued at once, and none is granted that cannot be', async () => {
    const many = Array.from({ length: 40 }, (_, index) => `spiffe://cluster.local/ns/many/sa/account-${index}`);
    await Promise.all(many.map((identity) => issue(identity)));
    const file = join(directory, 'certificates.jsonl');
    const written = (await readFile(file, 'utf8')).trim().split('\n');
    expect(written.map((line) => JSON.parse(line).identity).sort()).toEqual([...many].sort());
    await rm(file);
    const refused = await Promise.allSettled([issue(sleep), issue(other)]);
    expect(refused.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await writeFile(file, '');
    await expect(issue(sleep)).resolves.toContain('BEGIN CERTIFICATE');
  });

  test('is listed for as long as a certificate lives, a little before now for peers that are behind', async () => {
    const now = new Date('2030-01-01T00:00:00Z');
    const young = await openAuthority(join(directory, 'young'), 'mesh', { now: () => now, lifetimeMs: 3_600_000 });
    const { thisUpdate, nextUpdate } = await young.revocationList();
    expect(thisUpdate.toISOString()).toBe('2029-12-31T23:58:00.000Z');
    expect(nextUpdate.toISOString()).toBe('2030-01-01T01:00:00.000Z');
  });
});
