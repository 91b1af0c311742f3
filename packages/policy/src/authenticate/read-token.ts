import type { JsonObject } from '../verdict/attributes.js';
import { decodeBase64Url, withoutBlanks, withoutPadding } from './base64url.js';
import { readJsonObject } from './read-json.js';
import type { TokenFault } from './token-fault.js';
import { decodeUtf8 } from './utf8.js';

/** A JSON Web Token in compact form, read and not verified. */
export interface Token {
  /** `HEADER.PAYLOAD.SIGNATURE` without padding, as a verifier takes it. */
  readonly compact: string;
  /** `HEADER.PAYLOAD` as it was sent: what is signed. */
  readonly algorithm: string;
  /** Absent also where it is empty, which is no name. */
  readonly keyId?: string;
  /** As it was sent. */
  readonly payloadText: string;
  readonly payload: JsonObject;
  /** `iss`; empty where there is none. */
  readonly issuer: string;
  readonly audiences: readonly string[];
  /** `nbf` and `exp` in whole seconds since 1970, 0 where they are missing. */
  readonly notBefore: number;
  readonly expires: number;
}

/** Algorithms that a header may name at all; what a key may be used with is for the verifier to say. */
const knownAlgorithms = [
  ...['ES256', 'ES384', 'ES512', 'HS256', 'HS384', 'HS512', 'RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  'EdDSA',
];

/** Reads a token, in Envoy's order: the first thing that is wrong is the fault (reference sections 0.10 and 8.3). */
export function readToken(text: string): Token | { readonly fault: TokenFault } {
  const [headerText, payloadText, signatureText, ...rest] = text.split('.').filter((part) => part !== '');
  if (headerText === undefined || payloadText === undefined || signatureText === undefined || rest.length > 0) {
    return { fault: 'format' };
  }
  const header = readPart(headerText, 'header-base64', 'header-json');
  if ('fault' in header) return header;
  const named = readHeader(header.object);
  if ('fault' in named) return named;
  const payload = readPart(payloadText, 'payload-base64', 'payload-json');
  if ('fault' in payload) return payload;
  const claims = readClaims(payload.object);
  if ('fault' in claims) return claims;
  const signature = withoutPadding(withoutBlanks(signatureText));
  if (signature === undefined || decodeBase64Url(signatureText) === undefined) return { fault: 'signature-base64' };
  return { compact: `${headerText}.${payloadText}.${signature}`, payloadText, payload: payload.object, ...named, ...claims };
}

type Fault = { readonly fault: TokenFault };

function readPart(text: string, badBase64: TokenFault, badJson: TokenFault): { readonly object: JsonObject } | Fault {
  const bytes = decodeBase64Url(text);
  if (bytes === undefined) return { fault: badBase64 };
  const decoded = decodeUtf8(bytes);
  const object = decoded === undefined ? undefined : readJsonObject(decoded);
  return object === undefined ? { fault: badJson } : { object };
}

function readHeader(header: JsonObject): Pick<Token, 'algorithm' | 'keyId'> | Fault {
  const { alg, kid } = header;
  if (typeof alg !== 'string') return { fault: 'header-alg' };
  if (!knownAlgorithms.includes(alg)) return { fault: 'algorithm-unknown' };
  if (kid !== undefined && typeof kid !== 'string') return { fault: 'header-kid' };
  return { algorithm: alg, ...(kid ? { keyId: kid } : {}) };
}

type ReadClaims = Pick<Token, 'issuer' | 'audiences' | 'notBefore' | 'expires'>;

function readClaims(payload: JsonObject): ReadClaims | Fault {
  const { iss, sub, aud, jti } = payload;
  if (iss !== undefined && typeof iss !== 'string') return { fault: 'iss-type' };
  if (sub !== undefined && typeof sub !== 'string') return { fault: 'sub-type' };
  for (const name of ['iat', 'nbf', 'exp'] as const) {
    const fault = timeFault(payload, name);
    if (fault !== undefined) return { fault };
  }
  const audiences = aud === undefined ? [] : typeof aud === 'string' ? [aud] : aud;
  if (!Array.isArray(audiences) || audiences.some((each) => typeof each !== 'string')) return { fault: 'aud-type' };
  if (jti !== undefined && typeof jti !== 'string') return { fault: 'jti-type' };
  return { issuer: iss ?? '', audiences, notBefore: seconds(payload.nbf), expires: seconds(payload.exp) };
}

function timeFault(payload: JsonObject, name: 'iat' | 'nbf' | 'exp'): TokenFault | undefined {
  const value = payload[name];
  if (value === undefined) return undefined;
  if (typeof value !== 'number') return `${name}-type`;
  return value < 0 || value >= 2 ** 64 ? `${name}-range` : undefined;
}

function seconds(value: JsonObject[string] | undefined): number {
  return typeof value === 'number' ? Math.floor(value) : 0;
}
