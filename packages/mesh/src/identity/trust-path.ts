import { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';

/** Certificates between a peer's and its root, both included; longer ways are not looked for. */
const longestPath = 10;

const pemCertificate = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/** The roots of a bundle, PEM. A block that is no certificate is no root. */
export function rootsOf(bundle: string): X509Certificate[] {
  return (bundle.match(pemCertificate) ?? []).flatMap((pem) => {
    try {
      return [new X509Certificate(pem)];
    } catch {
      return [];
    }
  });
}

/** What the other side showed in its handshake, its own certificate first. */
export function shownBy(socket: TLSSocket): X509Certificate[] {
  const shown: X509Certificate[] = [];
  for (
    let next: X509Certificate | undefined = socket.getPeerX509Certificate();
    next !== undefined && shown.length < longestPath;
    next = next.issuerCertificate
  ) {
    // A root that was sent along leads to itself.
    if (shown.some(({ fingerprint256 }) => fingerprint256 === next?.fingerprint256)) break;
    shown.push(next);
  }
  return shown;
}

/**
 * The way from a peer's certificate to a root of the bundle, signatures checked, the root last; undefined where there is none. OpenSSL has found one in
 * the handshake but does not say which, and the bundle may have changed since.
 */
export function pathToRoot(
  shown: readonly X509Certificate[],
  roots: readonly X509Certificate[],
): readonly X509Certificate[] | undefined {
  const [peer] = shown;
  if (peer === undefined) return undefined;
  const path = [peer];
  while (path.length < longestPath) {
    const last = path.at(-1) ?? peer;
    const root = roots.find((one) => issued(one, last));
    if (root !== undefined) return [...path, root];
    const issuer = shown.find((one) => !path.includes(one) && one.ca && issued(one, last));
    if (issuer === undefined) return undefined;
    path.push(issuer);
  }
  return undefined;
}

function issued(issuer: X509Certificate, certificate: X509Certificate): boolean {
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}
