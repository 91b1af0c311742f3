import { CertificateAuthority } from '@sallyport/control';
import { beforeAll, expect, test } from 'vitest';
import { ChannelCredentials } from '../../src/gate-process/channel-credentials.js';
import { SigningChannel } from '../../src/gate-process/signing-channel.js';

const identity = 'spiffe://cluster.local/ns/default/sa/httpbin';

let root: Awaited<ReturnType<typeof CertificateAuthority.createRoot>>;
beforeAll(async () => {
  root = await CertificateAuthority.createRoot('test');
});

/** Credentials whose requests go straight to an authority, as a supervisor passes them on. */
async function connected(lifetimeMs: number) {
  const authority = await CertificateAuthority.open(root, { lifetimeMs });
  const requests: string[] = [];
  const lines: string[] = [];
  let reachable = true;
  const signing: SigningChannel = new SigningChannel((id, name, request) => {
    if (!reachable) return false;
    requests.push(request);
    void authority.issue(name, request).then(
      ({ chain, bundle, notBefore, notAfter }) =>
        signing.signed(id, { chain, bundle, validity: { notBefore: notBefore.getTime(), notAfter: notAfter.getTime() } }),
      (error: Error) => signing.notSigned(id, error.message),
    );
    return true;
  });
  const credentials = new ChannelCredentials(signing, {
    log: (line) => lines.push(line),
    renewalFailed: () => lines.push('counted'),
  });
  const disconnect = (): void => {
    reachable = false;
  };
  return { credentials, requests, lines, disconnect };
}

test('asks once for what is asked for many times, and never sends the key', async () => {
  const { credentials, requests } = await connected(3_600_000);
  const all = await Promise.all([credentials.fetch(identity), credentials.fetch(identity)]);
  expect(await credentials.fetch(identity)).toBe(all[0]);
  expect(all[0]).toBe(all[1]);
  expect(requests).toHaveLength(1);
  expect(requests[0]).not.toContain('PRIVATE KEY');
  expect(all[0]?.key).toContain('PRIVATE KEY');
  expect(credentials.current(identity)).toBe(all[0]);
  credentials.close();
});

test('what the authority refuses rejects, and is asked for again the next time', async () => {
  const { credentials, requests } = await connected(3_600_000);
  await expect(credentials.fetch('spiffe://nonsense')).rejects.toThrow('is not a workload identity');
  await expect(credentials.fetch('spiffe://nonsense')).rejects.toThrow();
  expect(requests).toHaveLength(2);
  expect(credentials.current('spiffe://nonsense')).toBeUndefined();
  credentials.close();
});

test('a certificate is renewed with a new key while the old one still holds, and listeners are told', async () => {
  // Its skew makes it old from the start: half of its life is over.
  const { credentials } = await connected(2000);
  const first = await credentials.fetch(identity);
  const renewed = await new Promise<string>((resolve) => credentials.onRenewal(resolve));
  expect(renewed).toBe(identity);
  const second = credentials.current(identity);
  expect(second?.key).not.toBe(first.key);
  expect(second?.notAfter.getTime()).toBeGreaterThanOrEqual(first.notAfter.getTime());
  credentials.close();
});

test('without a supervisor there is nothing new, and what has run out is not used', async () => {
  const { credentials, lines, disconnect } = await connected(300);
  const first = await credentials.fetch(identity);
  disconnect();
  await expect(credentials.fetch('spiffe://cluster.local/ns/default/sa/other')).rejects.toThrow('the supervisor is gone');
  await expect.poll(() => credentials.current(identity), { timeout: 5000, interval: 20 }).toBeUndefined();
  expect(Date.now()).toBeGreaterThanOrEqual(first.notAfter.getTime());
  expect(lines.some((line) => line.includes('was not renewed'))).toBe(true);
  expect(lines).toContain('counted');
  credentials.close();
});

test('what waits for a signature fails when the supervisor goes', async () => {
  const signing = new SigningChannel(() => true);
  const credentials = new ChannelCredentials(signing, { log: () => undefined, renewalFailed: () => undefined });
  const waiting = credentials.fetch(identity);
  // The key is made first; the request is under way some time later.
  const ended = expect(waiting).rejects.toThrow('the supervisor is gone');
  const timer = setInterval(() => signing.disconnected(), 5);
  await ended;
  clearInterval(timer);
  credentials.close();
});
