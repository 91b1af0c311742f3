import { createPublicKey, type JsonWebKey, verify } from 'node:crypto';
import type { KnownSignatures, WantedSignature } from '@sallyport/policy';

interface Key extends JsonWebKey {
  readonly kid?: string;
  readonly alg?: string;
}

/** Verifies signatures by the keys that stand in the rule itself. */
export const byInlineKeys: KnownSignatures = ({ rule, token }) => {
  if (rule.jwks === undefined) return 'keys-unavailable';
  const { keys }: { readonly keys: readonly Key[] } = JSON.parse(rule.jwks);
  const usable = keys.filter(
    ({ kid, alg }) => (token.keyId === undefined || kid === token.keyId) && (alg === undefined || alg === token.algorithm),
  );
  if (usable.length === 0) return 'no-key';
  return usable.some((key) => isSignedBy(key, token)) ? 'valid' : 'signature';
};

function isSignedBy(key: Key, { compact }: WantedSignature['token']): boolean {
  const [header = '', payload = '', signature = ''] = compact.split('.');
  const publicKey = createPublicKey({ key, format: 'jwk' });
  const signed = Buffer.from(`${header}.${payload}`);
  return verify('sha256', signed, { key: publicKey, dsaEncoding: 'ieee-p1363' }, Buffer.from(signature, 'base64url'));
}
