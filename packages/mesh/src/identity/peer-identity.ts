import type { TLSSocket } from 'node:tls';
import { parseSpiffeIdentity, type SpiffeIdentity } from './spiffe-identity.js';

/** Who is at the other end of a mutual TLS connection, and until when that is proven. */
export interface Peer {
  readonly identity: SpiffeIdentity;
  /** End of the certificate's validity: the connection ends with it. */
  readonly notAfter: Date;
}

/** A peer, or the reason why there is none; a refused peer gets no connection. */
export type PeerResult = { readonly kind: 'peer'; readonly peer: Peer } | { readonly kind: 'refused'; readonly detail: string };

/**
 * Reads the peer of a completed handshake. Refused are: a chain that does not verify, a resumed session (its certificate was not
 * verified now), no certificate, one outside its validity, anything but exactly one URI SAN, a URI that is no workload identity,
 * and a trust domain that is not in `trustDomains` (reference section 7.2; design: "several URI SANs in a peer's certificate").
 */
export function peerOf(socket: TLSSocket, trustDomains: readonly string[], now: Date = new Date()): PeerResult {
  if (!socket.authorized) return refused(`certificate chain does not verify: ${socket.authorizationError ?? 'unknown reason'}`);
  if (socket.isSessionReused()) return refused('resumed session');
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return refused('no certificate');
  const notAfter = new Date(certificate.validTo);
  // Written so that a date that does not parse refuses.
  if (!(new Date(certificate.validFrom) <= now && now < notAfter)) return refused('certificate is not valid at this time');
  const identity = identityOfSubjectAltName(certificate.subjectAltName, trustDomains);
  return typeof identity === 'string' ? refused(identity) : { kind: 'peer', peer: { identity, notAfter } };
}

/**
 * The identity in the text form that Node.js gives of a subject alternative name (`URI:…, DNS:…`), or the reason why it is
 * refused. A value with unusual characters is quoted in that form; such a certificate is refused whole, so that no separator
 * inside a value is ever mistaken for one between values.
 */
export function identityOfSubjectAltName(text: string | undefined, trustDomains: readonly string[]): SpiffeIdentity | string {
  if (text === undefined || text === '') return 'certificate has no subject alternative name';
  if (text.includes('"')) return 'certificate has a subject alternative name with unusual characters';
  const uris = text.split(', ').filter((entry) => entry.startsWith('URI:'));
  const [first] = uris;
  if (first === undefined) return 'certificate has no URI subject alternative name';
  if (uris.length > 1) return 'certificate has several URI subject alternative names';
  const identity = parseSpiffeIdentity(first.slice('URI:'.length));
  if (identity === undefined) return 'certificate names no workload identity';
  if (!trustDomains.includes(identity.trustDomain)) return `trust domain \`${identity.trustDomain}\` is not accepted`;
  return identity;
}

function refused(detail: string): PeerResult {
  return { kind: 'refused', detail };
}
