import { keyAlgorithm, signingAlgorithm, webcrypto, x509 } from './x509.js';

/** A new key pair: the key stays with who made it, the request goes to the authority. PEM, both. */
export interface CertificateRequest {
  readonly key: string;
  readonly request: string;
}

/** Makes an ECDSA P-256 key and a request that proves its possession. The identity is not in it: the authority decides that. */
export async function createCertificateRequest(): Promise<CertificateRequest> {
  const keys = await webcrypto.subtle.generateKey(keyAlgorithm, true, ['sign', 'verify']);
  const request = await x509.Pkcs10CertificateRequestGenerator.create({ keys, signingAlgorithm });
  return { key: await exportKey(keys.privateKey), request: request.toString('pem') };
}

/** A private key as PKCS #8 PEM. */
export async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  return x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY');
}
