import { type ConnectionOptions, createSecureContext, type SecureContextOptions, type TlsOptions } from 'node:tls';
import type { Credentials } from '../gate.js';
import { identityOfSubjectAltName } from './peer-identity.js';

/**
 * TLS 1.3 with the two AES-GCM suites that ztunnel uses (reference section 7.2); a peer that offers less is not spoken to. AES-128 comes first, as at Envoy: encryption is a
 * fifth of what a tunnel's bytes cost.
 */
const protocol = {
  minVersion: 'TLSv1.3',
  maxVersion: 'TLSv1.3',
  ciphers: 'TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384',
} as const satisfies SecureContextOptions;

/** The part of the TLS configuration that changes when credentials are renewed. */
export function secureContextOptions(credentials: Credentials): SecureContextOptions {
  return { ...protocol, key: credentials.key, cert: credentials.chain, ca: credentials.bundle };
}

/**
 * Options of an HBONE listener: a client certificate is required and must chain to the bundle, ALPN is `h2` and nothing else.
 * Without credentials no handshake can succeed.
 */
export function serverTlsOptions(credentials: Credentials | undefined, handshakeTimeoutMs: number): TlsOptions {
  return {
    ...protocol,
    ...(credentials === undefined ? {} : secureContextOptions(credentials)),
    ALPNProtocols: ['h2'],
    requestCert: true,
    rejectUnauthorized: true,
    handshakeTimeout: handshakeTimeoutMs,
    // What a tunnel writes must not wait until the other gate has acknowledged what was written before.
    noDelay: true,
  };
}

/** Who a client expects to reach. */
export interface ExpectedPeer {
  /** The peer's identity must equal one of these. An empty list admits nobody. */
  readonly identities: readonly string[];
  readonly trustDomains: readonly string[];
}

/**
 * Options of an HBONE client: the source's own certificate, no server name sent, no session resumption, and the server's one
 * URI SAN compared with the expected identities instead of a host name.
 */
export function clientTlsOptions(credentials: Credentials, expected: ExpectedPeer): ConnectionOptions {
  return {
    secureContext: createSecureContext(secureContextOptions(credentials)),
    minVersion: protocol.minVersion,
    ALPNProtocols: ['h2'],
    rejectUnauthorized: true,
    checkServerIdentity: (_host, certificate) => unexpectedIdentity(certificate.subjectaltname, expected),
  };
}

/** The error with which a handshake ends whose server is not an expected one; undefined if it is. */
function unexpectedIdentity(subjectAltName: string | undefined, expected: ExpectedPeer): Error | undefined {
  const identity = identityOfSubjectAltName(subjectAltName, expected.trustDomains);
  if (typeof identity === 'string') return new Error(`server identity refused: ${identity}`);
  if (expected.identities.includes(identity.uri)) return undefined;
  return new Error(`server identity refused: \`${identity.uri}\` is not \`${expected.identities.join('` or `')}\``);
}
