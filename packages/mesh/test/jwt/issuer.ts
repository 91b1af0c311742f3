import { createHmac, generateKeyPairSync, type KeyObject, type SignKeyObjectInput, sign } from 'node:crypto';

/** An issuer of tokens, good and bad ones. */
export class Issuer {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;

  constructor(
    readonly name: string,
    readonly keyId: string,
    readonly type: 'rsa' | 'ec' = 'rsa',
  ) {
    const pair =
      type === 'rsa' ? generateKeyPairSync('rsa', { modulusLength: 2048 }) : generateKeyPairSync('ec', { namedCurve: 'P-256' });
    this.privateKey = pair.privateKey;
    this.publicKey = pair.publicKey;
  }

  get algorithm(): string {
    return this.type === 'rsa' ? 'RS256' : 'ES256';
  }

  /** Its public key as a JWK, with more or other members. */
  jwk(members: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
    return { ...this.publicKey.export({ format: 'jwk' }), kid: this.keyId, ...members };
  }

  /** A key set of its public key. */
  jwks(members?: Readonly<Record<string, unknown>>): string {
    return JSON.stringify({ keys: [this.jwk(members)] });
  }

  /** A correctly signed token that is valid for an hour, with other claims and header members. */
  token(claims: Readonly<Record<string, unknown>> = {}, header: Readonly<Record<string, unknown>> = {}): string {
    return this.signText(JSON.stringify({ iss: this.name, sub: 'ann', exp: inSeconds(3600), ...claims }), header);
  }

  /** A correctly signed token around any text for a payload. */
  signText(payload: string, header: Readonly<Record<string, unknown>> = {}): string {
    return this.signParts(JSON.stringify({ alg: this.algorithm, kid: this.keyId, ...header }), payload);
  }

  /** A correctly signed token around any texts. */
  signParts(header: string, payload: string): string {
    const input = `${encode(header)}.${encode(payload)}`;
    const key: SignKeyObjectInput = { key: this.privateKey, dsaEncoding: 'ieee-p1363' };
    return `${input}.${sign('sha256', Buffer.from(input), key).toString('base64url')}`;
  }

  /** A token with an HMAC in place of the signature, by a secret of the caller's choice. */
  hmacToken(secret: string | Buffer, header: Readonly<Record<string, unknown>> = {}): string {
    const payload = JSON.stringify({ iss: this.name, sub: 'ann', aud: 'shop', exp: inSeconds(3600) });
    const input = `${encode(JSON.stringify({ alg: 'HS256', kid: this.keyId, ...header }))}.${encode(payload)}`;
    return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
  }
}

/** Seconds since 1970, some time from now. */
export function inSeconds(seconds: number): number {
  return Math.floor(Date.now() / 1000) + seconds;
}

/** A part of a token. */
export function encode(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64url');
}
