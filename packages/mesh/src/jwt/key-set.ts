import type { JWK } from 'jose';

/** More keys than any issuer has at a time: each of them may be tried on a token. */
const maximumKeys = 100;

/** The public keys of an issuer, in its order. */
export interface KeySet {
  readonly keys: readonly JWK[];
}

/** Thrown where something is no set of keys. The message says why, and never holds what was read. */
export class KeySetError extends Error {}

/** Reads a JSON Web Key Set. Keys that no token can be checked with are left out: secret ones, and those for encryption. */
export function readKeySet(text: string): KeySet {
  const value = parseJson(text);
  if (!isRecord(value) || !Array.isArray(value.keys)) throw new KeySetError('it is no JSON Web Key Set');
  if (value.keys.length > maximumKeys) throw new KeySetError(`it has more than ${maximumKeys} keys`);
  return { keys: value.keys.filter(isVerificationKey).map(publicPart) };
}

/** Reads JSON; throws a `KeySetError` where it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new KeySetError('it is not JSON');
  }
}

/** Whether a value is a JSON object. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isVerificationKey(key: unknown): key is JWK {
  if (!isRecord(key) || !['RSA', 'EC', 'OKP'].includes(String(key.kty))) return false;
  const { use, key_ops: operations } = key;
  if (use !== undefined && use !== 'sig') return false;
  return operations === undefined || (Array.isArray(operations) && operations.includes('verify'));
}

/** Some publish private keys by mistake; only what a verifier needs is kept. */
function publicPart({ kty, kid, alg, n, e, crv, x, y }: JWK): JWK {
  const members = { kty, kid, alg, n, e, crv, x, y };
  return Object.fromEntries(Object.entries(members).filter(([, value]) => typeof value === 'string')) as unknown as JWK;
}
