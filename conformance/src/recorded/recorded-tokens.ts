import { createPublicKey, type JsonWebKey, verify } from 'node:crypto';
import type { KnownSignatures, RequestAuthentication, SignatureResult, TokenKnowledge, WantedSignature } from '@sallyport/policy';
import type { RecordedRequest } from './recorded-case.js';

/** What a record says about the tokens of one request. */
export interface RecordedTokens {
  /** Headers that stand for tokens of which only the claims, or how they were bad, were recorded. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly knowledge: TokenKnowledge;
}

/**
 * The tokens of a recorded request. Raw ones are verified by the keys in the manifests; claims stand for a token that the first
 * rule's issuer has signed, and a bad one is made to be bad in the way that was recorded.
 */
export function recordedTokens(request: RecordedRequest, policies: readonly RequestAuthentication[]): RecordedTokens {
  const now = Math.floor(Date.now() / 1000);
  if (request.jwt !== undefined) return bearer(compact(request.jwt), now, 'valid');
  if (request.jwtInvalid === undefined) return { headers: [], knowledge: { now, signatures: byInlineKeys } };
  const rule = policies.flatMap(({ jwtRules }) => jwtRules).find(({ issuer }) => issuer !== undefined);
  const claims = { iss: rule?.issuer, aud: rule?.audiences };
  switch (request.jwtInvalid) {
    case 'expired':
      return bearer(compact({ ...claims, exp: 1 }), now, 'valid');
    case 'signature':
      return bearer(compact(claims), now, 'signature');
    case 'issuer':
      return bearer(compact({ iss: 'nobody.invalid' }), now, 'valid');
    case 'malformed':
      return bearer('malformed', now, 'valid');
    default:
      throw new Error(`a token cannot be bad by \`${String(request.jwtInvalid)}\``);
  }
}

function bearer(token: string, now: number, signature: SignatureResult): RecordedTokens {
  return { headers: [['authorization', `Bearer ${token}`]], knowledge: { now, signatures: () => signature } };
}

function compact(claims: unknown): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value), 'utf8').toString('base64url');
  return `${part({ alg: 'RS256' })}.${part(claims)}.${Buffer.from('signature').toString('base64url')}`;
}

interface Key extends JsonWebKey {
  readonly kid?: string;
  readonly alg?: string;
}

/** Verifies signatures by the keys that stand in the rule itself. */
export const byInlineKeys: KnownSignatures = ({ rule, token }) => {
  if (rule.jwks === undefined) return 'keys-unavailable';
  const { keys }: { readonly keys: readonly Key[] } = JSON.parse(rule.jwks);
  const usable = keys.filter(
    ({ kid, alg, kty }) =>
      (kid === undefined || token.keyId === undefined || kid === token.keyId) &&
      (alg === undefined || alg === token.algorithm) &&
      (token.algorithm !== 'HS256' || kty === 'oct'),
  );
  if (usable.length === 0) return 'no-key';
  return usable.some((key) => isSignedBy(key, token)) ? 'valid' : 'signature';
};

function isSignedBy(key: Key, { compact: text, algorithm }: WantedSignature['token']): boolean {
  const [header = '', payload = '', signature = ''] = text.split('.');
  const isElliptic = algorithm.startsWith('ES');
  if (isElliptic !== (key.kty === 'EC') || algorithm.startsWith('HS')) return false;
  const publicKey = createPublicKey({ key: key as JsonWebKey, format: 'jwk' });
  const padding = isElliptic ? { dsaEncoding: 'ieee-p1363' as const } : {};
  return verify(
    `sha${algorithm.slice(-3)}`,
    Buffer.from(`${header}.${payload}`),
    { key: publicKey, ...padding },
    Buffer.from(signature, 'base64url'),
  );
}
