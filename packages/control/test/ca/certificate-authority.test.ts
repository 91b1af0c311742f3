import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { CertificateAuthority, createCertificateRequest } from '../../src/index.js';

const identity = 'spiffe://cluster.local/ns/default/sa/sleep';

async function authorityAt(now: Date): Promise<CertificateAuthority> {
  const root = await CertificateAuthority.createRoot('test', now);
  return CertificateAuthority.open(root, { now: () => now, lifetimeMs: 3_600_000 });
}

describe('a certificate authority', () => {
  const now = new Date('2026-03-01T12:00:00Z');

  test('issues a certificate whose only name is the identity', async () => {
    const authority = await authorityAt(now);
    const { request } = await createCertificateRequest();
    const issued = await authority.issue(identity, request);
    const certificate = new X509Certificate(issued.chain);
    expect(certificate.subjectAltName).toBe(`URI:${identity}`);
    expect(certificate.subject ?? '').toBe('');
    expect(certificate.ca).toBe(false);
    expect(certificate.verify(createPublicKey(issued.bundle))).toBe(true);
    expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2']);
  });

  test('signs the key of the request and never sees the private one', async () => {
    const authority = await authorityAt(now);
    const { key, request } = await createCertificateRequest();
    expect(request).not.toContain('PRIVATE');
    const issued = await authority.issue(identity, request);
    expect(new X509Certificate(issued.chain).checkPrivateKey(createPrivateKey(key))).toBe(true);
  });

  test('dates a certificate by its own clock, a little before now for peers that are behind', async () => {
    const authority = await authorityAt(now);
    const issued = await authority.issue(identity, (await createCertificateRequest()).request);
    const certificate = new X509Certificate(issued.chain);
    expect(new Date(certificate.validTo)).toEqual(new Date('2026-03-01T13:00:00Z'));
    expect(new Date(certificate.validFrom)).toEqual(new Date('2026-03-01T11:58:00Z'));
    expect(issued.notAfter).toEqual(new Date(certificate.validTo));
  });

  test('never issues beyond the life of its root', async () => {
    const root = await CertificateAuthority.createRoot('test', now);
    const end = new Date(new X509Certificate(root.certificate).validTo);
    const late = new Date(end.getTime() - 60_000);
    const authority = await CertificateAuthority.open(root, { now: () => late });
    const issued = await authority.issue(identity, (await createCertificateRequest()).request);
    expect(issued.notAfter).toEqual(end);
  });

  test.each([
    'spiffe://cluster.local/ns/default',
    'spiffe://cluster.local/ns/default/sa/sleep/extra',
    'spiffe://cluster.local/ns//sa/sleep',
    'spiffe://Cluster.local/ns/default/sa/sleep',
    'https://cluster.local/ns/default/sa/sleep',
    'spiffe://cluster.local/ns/default/sa/a%2fb',
    'spiffe://cluster.local/ns/default/sa/sleep\n',
    '',
  ])('refuses %j, which is no workload identity', async (wrong) => {
    const authority = await authorityAt(now);
    const { request } = await createCertificateRequest();
    await expect(authority.issue(wrong, request)).rejects.toThrow('is not a workload identity');
  });

  test('refuses a request whose signature is not by its key', async () => {
    const authority = await authorityAt(now);
    const { request } = await createCertificateRequest();
    const der = Buffer.from(request.replace(/-----.*-----|\s/g, ''), 'base64');
    const last = der.length - 1;
    der[last] = (der[last] ?? 0) ^ 1;
    const forged = `-----BEGIN CERTIFICATE REQUEST-----\n${der.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`;
    await expect(authority.issue(identity, forged)).rejects.toThrow();
  });

  test('does not open with the key of another root', async () => {
    const [a, b] = [await CertificateAuthority.createRoot('a'), await CertificateAuthority.createRoot('b')];
    await expect(CertificateAuthority.open({ key: a.key, certificate: b.certificate })).rejects.toThrow('belongs to another key');
  });

  test('does not open with a root that has run out', async () => {
    const root = await CertificateAuthority.createRoot('old', new Date('2000-01-01T00:00:00Z'));
    await expect(CertificateAuthority.open(root)).rejects.toThrow('not valid now');
  });

  test('its certificates make mutual TLS 1.3, and one of another root does not', async () => {
    const mesh = await CertificateAuthority.open(await CertificateAuthority.createRoot('mesh'));
    const other = await CertificateAuthority.open(await CertificateAuthority.createRoot('mesh'));
    const serverSide = await credentials(mesh, 'spiffe://cluster.local/ns/default/sa/httpbin');
    const server = createServer({ ...serverSide, requestCert: true, rejectUnauthorized: true, minVersion: 'TLSv1.3' });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const port = (server.address() as AddressInfo).port;
    try {
      const accepted = once(server, 'secureConnection') as Promise<[TLSSocket]>;
      const good = connect({
        port,
        host: '127.0.0.1',
        checkServerIdentity: () => undefined,
        ...(await credentials(mesh, identity)),
      });
      const [peer] = await accepted;
      expect(peer.getPeerCertificate().subjectaltname).toBe(`URI:${identity}`);
      good.destroy();
      const refused = once(server, 'tlsClientError');
      const stranger = await credentials(other, identity);
      const bad = connect({ port, host: '127.0.0.1', checkServerIdentity: () => undefined, ...stranger, ca: mesh.bundle });
      bad.on('error', () => undefined);
      await refused;
      bad.destroy();
    } finally {
      server.close();
    }
  });
});

async function credentials(authority: CertificateAuthority, name: string): Promise<{ key: string; cert: string; ca: string }> {
  const { key, request } = await createCertificateRequest();
  const issued = await authority.issue(name, request);
  return { key, cert: issued.chain, ca: issued.bundle };
}
