import { describe, expect, it } from 'vitest';
import { authenticationMetadata } from '../../src/legacy/authentication-metadata.js';
import { roleRange } from '../../src/legacy/cidr.js';
import { headerMatcher, isListWith, isText, stringMatcher } from '../../src/legacy/string-matcher.js';
import { expandTrustDomains } from '../../src/legacy/trust-domains.js';
import { rangeHolds, readIpAddress, unmapped } from '../../src/reference/ip-range.js';

describe('texts', () => {
  it.each([
    ['*', '', true],
    ['a', 'a', true],
    ['a', 'A', false],
    ['a*', 'ab', true],
    ['*a', 'ba', true],
    ['**', 'a*', true],
    ['**', 'a', false],
    ['*a*', 'ba*', true],
    ['*a*', 'bab', false],
    ['', 'a', false],
    ['', '', true],
  ])('%j on %j is %s', (pattern, text, expected) => {
    expect(stringMatcher(pattern)(text)).toBe(expected);
  });

  it.each([
    ['x/*', 'spiffe://x/y', true],
    ['x', 'spiffe://x', true],
    ['*', 'CN=web', true],
    ['*y', 'spiffe://x/y', false],
    ['*x/y', 'spiffe://x/y', true],
  ])('%j with the scheme before it on %j is %s', (pattern, text, expected) => {
    expect(stringMatcher(pattern, 'spiffe://')(text)).toBe(expected);
  });

  it.each([
    ['*', [''], true],
    ['*', [], false],
    ['', ['a'], true],
    ['', [], false],
    ['b', ['a', 'b'], true],
    ['b', ['a,b'], false],
    ['ü*', ['\u00c3\u00bcx'], true],
  ])('a header that is asked for by %j among %j is %s', (pattern, values, expected) => {
    expect(headerMatcher(pattern)(values)).toBe(expected);
  });

  it('a text is no list, a list no text, and other values are neither', () => {
    const any = stringMatcher('*');
    expect([isText('a', any), isText(['a'], any), isText(undefined, any), isText(1, any)]).toEqual([true, false, false, false]);
    expect([isListWith(['a'], any), isListWith('a', any), isListWith([], any), isListWith([1, {}], any)]).toEqual([
      true,
      false,
      false,
      false,
    ]);
  });
});

describe('addresses', () => {
  const holds = (value: string, address: string): boolean | undefined => {
    const read = readIpAddress(address);
    if (read === undefined) throw new Error(`no address: ${address}`);
    const range = roleRange(value);
    return range && rangeHolds(range, unmapped(read));
  };

  it.each([
    ['10.0.0.9', '10.0.0.9', true],
    ['10.0.0.9/24', '10.0.0.1', true],
    ['10.0.0.9/32', '10.0.0.1', false],
    ['::ffff:10.0.0.9', '10.0.0.9', true],
    ['::ffff:10.0.0.0/104', '10.0.0.9', false],
    ['::/0', '10.0.0.9', false],
    ['::/0', '2001:db8::1', true],
    ['0.0.0.0/0', '10.0.0.9', true],
  ])('%s holds %s: %s', (value, address, expected) => {
    expect(holds(value, address)).toBe(expected);
  });

  it.each(['', '*', '10.0.0', '10.0.0.*', '10.0.0.256', '10.0.0.0/33', '10.0.0.1/', ' 10.0.0.1', '10', '0x7f000001', 'fd00::zz'])(
    '%j is none',
    (value) => {
      expect(roleRange(value)).toBeUndefined();
    },
  );
});

describe('trust domains', () => {
  const mesh = ['td1', 'old-td'];
  it.each([
    ['cluster.local/ns/shop/sa/web', ['td1/ns/shop/sa/web', 'old-td/ns/shop/sa/web']],
    ['old-td/ns/shop/sa/web', ['td1/ns/shop/sa/web', 'old-td/ns/shop/sa/web']],
    ['other/ns/shop/sa/web', ['other/ns/shop/sa/web']],
    ['*-td/ns/shop/sa/web', ['td1/ns/shop/sa/web', '*-td/ns/shop/sa/web']],
    ['td*/ns/shop/sa/web', ['td1/ns/shop/sa/web', 'old-td/ns/shop/sa/web']],
    ['*/ns/shop/sa/web', ['*/ns/shop/sa/web']],
    ['cluster.local/ns/shop/*', ['cluster.local/ns/shop/*']],
    ['*', ['*']],
    ['/ns/shop/sa/web', ['/ns/shop/sa/web']],
  ])('%s stands for %j', (value, expected) => {
    expect(expandTrustDomains(value, mesh)).toEqual(expected);
  });
});

describe('what the authentication filter publishes', () => {
  const authentication = (claims: object) => ({ audiences: [], claims, edits: {} }) as never;

  it('is the peer without its scheme, and nothing of a peer without a name', () => {
    const web = 'cluster.local/ns/shop/sa/web';
    expect(authenticationMetadata(`spiffe://${web}`, undefined)).toEqual({ 'source.principal': web, 'source.user': web });
    expect(authenticationMetadata(undefined, undefined)).toEqual({});
    expect(authenticationMetadata('spiffe://', undefined)).toEqual({});
  });

  it('is made of the first words of a token, and of its claims as lists', () => {
    const claims = { iss: 'i', sub: 'svc one', aud: ['web', 'mobile'], azp: 'c', level: 7, roles: ['a', 1], empty: [] };
    expect(authenticationMetadata(undefined, authentication(claims))).toEqual({
      'request.auth.principal': 'i/svc',
      'request.auth.audiences': 'web',
      'request.auth.presenter': 'c',
      'request.auth.claims': { iss: ['i'], sub: ['svc', 'one'], aud: ['web', 'mobile'], azp: ['c'], roles: ['a'] },
    });
  });

  it('names no principal where issuer or subject is missing', () => {
    expect(authenticationMetadata(undefined, authentication({ iss: 'i' }))).toEqual({ 'request.auth.claims': { iss: ['i'] } });
    expect(authenticationMetadata(undefined, authentication({ toString: 'x' }))).not.toHaveProperty(['request.auth.principal']);
  });
});
