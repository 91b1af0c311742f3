import { describe, expect, it } from 'vitest';
import { strict, upstream } from '../../../../src/resource/dialect.js';
import { parseDuration } from '../../../../src/resource/validate/values/duration.js';
import { isJwks } from '../../../../src/resource/validate/values/jwks.js';
import { codesOf, policy } from '../../load.js';

const inSource = (field: string, value: string) =>
  policy(`{rules: [{from: [{source: {${field}: [${JSON.stringify(value)}]}}]}]}`);
const inOperation = (field: string, value: string) =>
  policy(`{rules: [{to: [{operation: {${field}: [${JSON.stringify(value)}]}}]}]}`);

describe('a path', () => {
  it.each([
    '/',
    '/a',
    'a',
    '*',
    '/a*',
    '*b',
    '/a*b',
    '/é',
    '//a',
    '/a?b',
    '/{*}',
    '/{**}',
    '/{*}/{*}',
    '/a/{*}/b',
    '/{*}/{**}',
    '/a/{**}/b',
    '/{*}//',
    '//{*}',
    "/{*}/-._~%!$&'()+,;:@=",
  ])('%s is accepted, in both forms', (value) => {
    for (const field of ['paths', 'notPaths']) expect(codesOf(inOperation(field, value))).toEqual([]);
  });

  it.each([
    '/{}',
    '/{',
    '/a}',
    '/{x}',
    '/{* }',
    '/foo{*}',
    '/{*}a',
    '/{*}{*}',
    '/{***}',
    '/{**}/{*}',
    '/{**}/{**}',
    '/a//{*}',
    '/a*/{*}',
    '/{*}/é',
    '/{*}/a b',
    '/{*}/a#b',
    '/{*}/a|b',
    '/{*}/"',
  ])('%s is refused, in both forms', (value) => {
    for (const field of ['paths', 'notPaths'])
      expect(codesOf(inOperation(field, value), upstream)).toEqual(['invalid-path-template']);
  });

  it.each(['{*}', '{**}', 'a/{*}'])('%s, a template without leading slash, is refused in strict only', (value) => {
    expect(codesOf(inOperation('paths', value), strict)).toEqual(['relative-path-template']);
    expect(codesOf(inOperation('paths', value), upstream)).toEqual([]);
  });
});

describe('a service account', () => {
  it.each(['web', 'shop/web', 'a.b', 'a b', 'x'.repeat(320)])('%s is accepted', (value) => {
    expect(codesOf(inSource('serviceAccounts', value))).toEqual([]);
  });

  it.each(['*', 'web*', 'shop/*', '/', 'shop/', '/web', 'a/b/c', 'x'.repeat(321), 'é'.repeat(161)])('%s is refused', (value) => {
    for (const field of ['serviceAccounts', 'notServiceAccounts'])
      expect(codesOf(inSource(field, value))).toEqual(['invalid-service-account']);
  });

  it('may have fifteen others beside it, not sixteen', () => {
    const list = (count: number) =>
      policy(`{rules: [{from: [{source: {serviceAccounts: [${Array.from({ length: count }, (_, index) => `s${index}`)}]}}]}]}`);
    expect(codesOf(list(16))).toEqual([]);
    expect(codesOf(list(17))).toEqual(['invalid-service-account']);
  });
});

describe('a trust domain', () => {
  it.each(['cluster.local', '*', '*.local', 'cluster.*'])('%s is accepted', (value) => {
    expect(codesOf(inSource('trustDomains', value))).toEqual([]);
  });

  it.each(['a*b', '**', '*a*', 'a/b'])('%s is refused', (value) => {
    for (const field of ['trustDomains', 'notTrustDomains'])
      expect(codesOf(inSource(field, value))).toEqual(['invalid-trust-domain']);
  });
});

describe('a port', () => {
  it.each(['0', '80', '65535', '0080'])('%s is accepted', (value) => {
    expect(codesOf(inOperation('ports', value))).toEqual([]);
  });

  it.each(['65536', '-1', '+80', '80-90', 'http', '*', '0x50', '8e1', ' 80', '80.0', '٨'])('%s is refused', (value) => {
    for (const field of ['ports', 'notPorts']) expect(codesOf(inOperation(field, value))).toEqual(['invalid-port']);
  });

  it('is a string, not a number', () => {
    expect(codesOf(policy('{rules: [{to: [{operation: {ports: [80]}}]}]}'))).toEqual(['wrong-type']);
  });
});

describe('an IP block', () => {
  it.each(['ipBlocks', 'notIpBlocks', 'remoteIpBlocks', 'notRemoteIpBlocks'])('in %s is checked', (field) => {
    expect(codesOf(inSource(field, '10.0.0.0/8'))).toEqual([]);
    expect(codesOf(inSource(field, '10.0.0.0/08'))).toEqual(['invalid-ip-block']);
  });

  it('with a zone is refused in strict only, as upstream drops it', () => {
    expect(codesOf(inSource('ipBlocks', 'fe80::1%eth0'), strict)).toEqual(['ip-block-zone']);
    expect(codesOf(inSource('ipBlocks', 'fe80::1%eth0'), upstream)).toEqual([]);
  });
});

describe('a duration', () => {
  it.each([
    ['5s', 5000],
    ['1h30m', 5_400_000],
    ['1.5s', 1500],
    ['1ms', 1],
    ['10us', 0.01],
    ['0', 0],
    ['-1s', -1000],
  ])('%s is %d milliseconds', (text, milliseconds) => {
    expect(parseDuration(text)).toBe(milliseconds);
  });

  it.each(['', 'x', '5', 's', '5 s', '5d', '1s2', '--1s'])('"%s" is none', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });
});

describe('a key set', () => {
  it.each(['{"keys":[]}', '{"keys":[{"kty":"RSA","n":"AQ","e":"AQAB"}]}', '{"kty":"EC","crv":"P-256","x":"a","y":"b"}'])(
    '%s is one',
    (text) => {
      expect(isJwks(text)).toBe(true);
    },
  );

  it.each([
    'nope',
    '[]',
    '{}',
    '5',
    'null',
    '{"keys":{}}',
    '{"keys":[5]}',
    '{"keys":[{"kty":"RSA","n":"AQ"}]}',
    '{"keys":[{"kty":"XYZ"}]}',
  ])('%s is none', (text) => {
    expect(isJwks(text)).toBe(false);
  });
});
