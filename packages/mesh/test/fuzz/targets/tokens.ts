import { readToken } from '../../../../policy/src/authenticate/read-token.js';
import { KeySetError, readKeySet } from '../../../src/jwt/key-set.js';
import { type FuzzTarget, holds, refusing } from '../fuzz-target.js';

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

export const tokens: FuzzTarget = {
  name: 'tokens',
  words: [
    '.',
    '=',
    '-',
    '_',
    '+',
    '/',
    ' ',
    '{"alg":"none"}',
    part({ alg: 'none' }),
    part({ alg: 'RS256' }),
    part({ iss: 'a' }),
    Buffer.from(`{"exp":1e400}`).toString('base64url'),
    'eyJ',
    '\\u0000',
    '"iss":',
    '{"keys":[{"kty":"RSA"}]}',
    '__proto__',
  ],
  seeds: () => [
    Buffer.from(
      `${part({ alg: 'RS256', kid: 'k', typ: 'JWT' })}.${part({ iss: 'a', sub: 'b', aud: ['c'], exp: 2_000_000_000 })}.c2ln`,
    ),
    Buffer.from(`${part({ alg: 'ES256' })}.${part({ iss: 'a', aud: 'c', nbf: 1, nested: { a: [1, null, 'x'] } })}.c2ln`),
    Buffer.from(
      JSON.stringify({
        keys: [
          { kty: 'oct', k: 'AA' },
          { kty: 'RSA', n: 'AQAB', e: 'AQAB' },
        ],
      }),
    ),
  ],
  run: (bytes) => {
    const text = bytes.toString('latin1');
    const token = readToken(text);
    if (!('fault' in token)) {
      holds(token.compact.split('.').length === 3 && token.algorithm !== 'none', 'a token has three parts and an algorithm');
      holds(
        token.audiences.every((audience) => typeof audience === 'string'),
        'audiences are texts',
      );
      holds(Number.isInteger(token.expires) && Number.isInteger(token.notBefore), 'times are whole seconds');
    }
    refusing([KeySetError], () => void readKeySet(text));
  },
};
