import type { SignatureResult, WantedSignature } from '@sallyport/policy';
import { compactVerify, importJWK, type JWK } from 'jose';
import type { KeySet } from './key-set.js';

/** The algorithms that tokens may be signed with, by the type of key. Neither `none` nor any shared secret is among them. */
const algorithms: ReadonlyMap<string, readonly string[]> = new Map([
  ['RSA', ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']],
  ['EC', ['ES256', 'ES384', 'ES512']],
  ['OKP', ['EdDSA']],
]);

/**
 * Verifies a token's signature with the keys of its issuer (reference section 0.10): with the key that it names, or with all of
 * them where it names none. The algorithm has to belong to the type of key, whatever the token says. Never rejects.
 */
export async function verifySignature({ keys }: KeySet, token: WantedSignature['token']): Promise<SignatureResult> {
  const meant = keys.filter(
    ({ kid, alg }) =>
      (kid === undefined || token.keyId === undefined || kid === token.keyId) && (alg === undefined || alg === token.algorithm),
  );
  if (meant.length === 0) return 'no-key';
  for (const key of meant) {
    if (await isSignedBy(key, token)) return 'valid';
  }
  return 'signature';
}

async function isSignedBy(key: JWK, { compact, algorithm }: WantedSignature['token']): Promise<boolean> {
  if (algorithms.get(key.kty ?? '')?.includes(algorithm) !== true) return false;
  try {
    const { protectedHeader } = await compactVerify(compact, await importJWK(key, algorithm), { algorithms: [algorithm] });
    // Whoever marks a header as critical wants it understood, and none of them is (RFC 7515, section 4.1.11).
    return protectedHeader.crit === undefined;
  } catch {
    // A key that cannot be used says no as well as one that does not fit.
    return false;
  }
}
