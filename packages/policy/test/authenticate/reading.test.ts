import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeBase64Url, encodeBase64 } from '../../src/authenticate/base64url.js';
import { readJsonObject } from '../../src/authenticate/read-json.js';
import { readToken } from '../../src/authenticate/read-token.js';
import { decodeUtf8 } from '../../src/authenticate/utf8.js';

const latin1 = (bytes: Uint8Array) => Buffer.from(bytes).toString('latin1');
const encode = (text: string) => Buffer.from(text, 'utf8').toString('base64url');

describe('base64', () => {
  it('is read and written as Node.js does it', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const buffer = Buffer.from(bytes);
        expect(decodeBase64Url(buffer.toString('base64url'))).toBe(latin1(bytes));
        expect(encodeBase64(latin1(bytes))).toBe(buffer.toString('base64'));
      }),
    );
  });

  it.each([
    ['QQ==', 'A'],
    ['QUI=', 'AB'],
    ['Q Q', 'A'],
    ['QQ=', undefined],
    ['Q', undefined],
    ['QQ+/', undefined],
    ['Q=Q=', undefined],
    ['QUJD=', undefined],
    ['é', undefined],
  ])('reads %s as %s', (text, bytes) => {
    expect(decodeBase64Url(text)).toBe(bytes);
  });
});

describe('UTF-8', () => {
  it('is read as a strict decoder reads it', () => {
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
    const expected = (bytes: Uint8Array) => {
      try {
        return decoder.decode(bytes);
      } catch {
        return undefined;
      }
    };
    const nearly = fc.array(
      fc.constantFrom(0x41, 0x7f, 0x80, 0xbf, 0xc0, 0xc2, 0xe0, 0xa0, 0xed, 0xef, 0xf0, 0x90, 0xf4, 0x8f, 0xf5, 0xff),
    );
    const bytes = fc.oneof(
      fc.uint8Array(),
      fc.string({ unit: 'binary' }).map((text) => Uint8Array.from(Buffer.from(text))),
      nearly.map((list) => Uint8Array.from(list)),
    );
    fc.assert(
      fc.property(bytes, (sample) => {
        expect(decodeUtf8(latin1(sample))).toBe(expected(sample));
      }),
    );
  });
});

describe('the JSON of tokens', () => {
  it('is read as JSON.parse reads it', () => {
    const objects = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 4 }), { noNullPrototype: true });
    fc.assert(
      fc.property(objects, fc.constantFrom(undefined, 1, '\t'), (object, indent) => {
        const text = JSON.stringify(object, null, indent);
        expect(JSON.parse(JSON.stringify(readJsonObject(text)))).toEqual(JSON.parse(text));
      }),
    );
  });

  it('is refused wherever JSON.parse refuses it', () => {
    const pieces = fc.array(
      fc.constantFrom('{', '}', '[', ']', '"a"', '"b"', ':', ',', '1', '-', 'true', 'null', ' ', '"', '\\'),
    );
    fc.assert(
      fc.property(pieces, (parts) => {
        const text = `{${parts.join('')}}`;
        let parsed: unknown;
        try {
          parsed = JSON.parse(text);
        } catch {
          parsed = undefined;
        }
        if (parsed === undefined) expect(readJsonObject(text)).toBeUndefined();
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    '{"a":1,"a":1}',
    '{"a":{"b":1,"b":2}}',
    '{"a":1,"\\u0061":2}',
    '{"__proto__":1,"__proto__":2}',
    '{"a":"\\ud800"}',
    '{"a":"\u{1}"}',
    '{"a":1e999}',
    '{"a":01}',
    '{"a":+1}',
    '{"a":NaN}',
    '[1]',
    'null',
    '',
    '{} {}',
    `{"a":${'['.repeat(101)}${']'.repeat(101)}}`,
  ])('is not read from %s', (text) => {
    expect(readJsonObject(text)).toBeUndefined();
  });

  it('keeps names of prototypes as names', () => {
    const object = readJsonObject('{"__proto__":{"admin":true},"constructor":1}');
    expect(Object.keys(object ?? {})).toEqual(['__proto__', 'constructor']);
    expect((object as { admin?: boolean }).admin).toBeUndefined();
  });
});

describe('a token', () => {
  const token = (header: string, payload: string, signature = 'c2ln') => `${encode(header)}.${encode(payload)}.${signature}`;

  it('is read with what a verifier and policy need', () => {
    const read = readToken(token('{"alg":"RS256","kid":"k"}', '{"iss":"i","aud":"a","nbf":1.9,"exp":2}'));
    expect(read).toMatchObject({
      algorithm: 'RS256',
      keyId: 'k',
      issuer: 'i',
      audiences: ['a'],
      notBefore: 1,
      expires: 2,
      payload: { iss: 'i' },
    });
  });

  it.each([
    ['a.b', 'format'],
    ['a.b.c.d', 'format'],
    ['+.b.c', 'header-base64'],
    [token('x', '{}'), 'header-json'],
    [token('{}', '{}'), 'header-alg'],
    [token('{"alg":"none"}', '{}'), 'algorithm-unknown'],
    [token('{"alg":"RS256","kid":1}', '{}'), 'header-kid'],
    [`${encode('{"alg":"RS256"}')}.+.c2ln`, 'payload-base64'],
    [token('{"alg":"RS256"}', '[]'), 'payload-json'],
    [token('{"alg":"RS256"}', '{"iss":1}'), 'iss-type'],
    [token('{"alg":"RS256"}', '{"sub":null}'), 'sub-type'],
    [token('{"alg":"RS256"}', '{"exp":"1"}'), 'exp-type'],
    [token('{"alg":"RS256"}', '{"nbf":-1}'), 'nbf-range'],
    [token('{"alg":"RS256"}', '{"iat":1e300}'), 'iat-range'],
    [token('{"alg":"RS256"}', '{"aud":{}}'), 'aud-type'],
    [token('{"alg":"RS256"}', '{"jti":1}'), 'jti-type'],
    [token('{"alg":"RS256"}', '{}', '+'), 'signature-base64'],
  ])('that is %s has the fault %s', (text, fault) => {
    expect(readToken(text)).toEqual({ fault });
  });

  it('is read in time that is linear in its length, whatever it holds', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => void readToken(text)));
    expect(readToken(`a.${'A'.repeat(1_000_000)}.b`)).toEqual({ fault: 'header-base64' });
  });
});
