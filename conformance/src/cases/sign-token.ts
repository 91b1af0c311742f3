import { createHmac, createPrivateKey, type JsonWebKey, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';

interface Key extends JsonWebKey {
  readonly kid: string;
  readonly alg: string;
}

const file: { readonly keys: readonly Key[] } = JSON.parse(
  readFileSync(new URL('../../cases/keys.json', import.meta.url), 'utf8'),
);
const secretMembers = new Set(['d', 'p', 'q', 'dp', 'dq', 'qi']);

/** A token as a case writes it. */
export interface WrittenToken {
  readonly header?: Readonly<Record<string, unknown>>;
  readonly claims?: unknown;
  /** The payload itself, where it is not what JSON would make of an object. */
  readonly payload?: string;
  /** Name of the key that signs, `first` where nothing is said; `none` leaves the signature out, `public` signs with the text of the public keys. */
  readonly key?: string;
}

/** The public halves of the named keys as a JWKS. */
export function publicKeys(names: readonly string[]): string {
  const keys = names.map((name) =>
    Object.fromEntries(Object.entries(keyNamed(name)).filter(([member]) => !secretMembers.has(member))),
  );
  return JSON.stringify({ keys });
}

/** The compact form of a token. */
export function signToken({ header, claims, payload, key = 'first' }: WrittenToken): string {
  const named = key === 'none' || key === 'public' ? undefined : keyNamed(key);
  const head = encode(JSON.stringify(header ?? { alg: named?.alg ?? 'none', kid: named?.kid }));
  const body = encode(payload ?? JSON.stringify(claims ?? {}));
  return `${head}.${body}.${signature(`${head}.${body}`, key, named)}`;
}

function signature(text: string, key: string, named: Key | undefined): string {
  if (key === 'public')
    return createHmac('sha256', publicKeys(['first']))
      .update(text)
      .digest('base64url');
  if (named === undefined) return '';
  const privateKey = createPrivateKey({ key: named, format: 'jwk' });
  return sign('sha256', Buffer.from(text), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url');
}

function keyNamed(name: string): Key {
  const key = file.keys.find(({ kid }) => kid === name);
  if (key === undefined) throw new Error(`no key is called \`${name}\``);
  return key;
}

function encode(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64url');
}
