import { describe, expect, it } from 'vitest';
import {
  matchesNamespace,
  matchesPrincipal,
  matchesServiceAccount,
  matchesTrustDomain,
  readIdentity,
} from '../../src/reference/identity.js';

const web = 'spiffe://cluster.local/ns/shop/sa/web';

describe('readIdentity', () => {
  it('reads the three parts', () => {
    expect(readIdentity(web)).toEqual({ trustDomain: 'cluster.local', namespace: 'shop', serviceAccount: 'web' });
  });

  it.each([
    '',
    'cluster.local/ns/shop/sa/web',
    'spiffe://td/ns/a/sa/',
    'spiffe:///ns/a/sa/b',
    'spiffe://td/sa/a/ns/b',
    `${web}/x`,
  ])('refuses %j', (text) => {
    expect(readIdentity(text)).toBeUndefined();
  });
});

describe('principals', () => {
  it.each([
    ['cluster.local/ns/shop/sa/web', true],
    ['cluster.local/ns/shop/sa/we', false],
    ['*', true],
    ['*/sa/web', true],
    ['*web', true],
    ['cluster.local/*', true],
    ['spiffe://cluster.local/ns/shop/sa/web', false],
    ['spiffe*', false],
    ['cluster.local/ns/*/sa/web', false],
    ['cluster-local/ns/shop/sa/web', false],
  ])('%s matches the web service account of shop: %j', (value, expected) => {
    expect(matchesPrincipal(value, web)).toBe(expected);
  });

  it('match nothing without an identity, and only `*` what is no SPIFFE identity', () => {
    expect(matchesPrincipal('*', undefined)).toBe(false);
    expect(matchesPrincipal('*', '-')).toBe(true);
    expect(matchesPrincipal('*-', '-')).toBe(false);
  });
});

describe('namespaces at Envoy', () => {
  it.each([
    ['shop', web, true],
    ['sho', web, false],
    ['s*p', web, true],
    ['*', web, true],
    ['shop/sa', 'spiffe://td/ns/shop/sa/web', true],
    ['*web', 'spiffe://td/ns/shop/sa/web/', true],
    ['b', 'spiffe://td/ns/a/sa/ns/b/x', true],
    ['s.op', web, false],
  ])('%s is found in %s: %j', (value, identity, expected) => {
    expect(matchesNamespace(value, identity)).toBe(expected);
  });
});

describe('serviceAccounts at Envoy', () => {
  it.each([
    ['shop/web', web, true],
    ['web', web, true],
    ['web', 'spiffe://cluster.local/ns/other/sa/web', false],
    ['shop/web', 'spiffe://elsewhere/ns/shop/sa/web', true],
    ['shop/w.b', web, false],
    ['shop/web', `${web}x`, false],
    ['shop/web', `${web}/extra`, true],
    ['shop/web', `${web}/`, false],
    ['shop/web', 'spiffe://td/ns/shop/pod/p1/sa/web', true],
    ['shop/web', 'spiffe://td/ns/shop//sa/web', false],
    ['shop/web', 'spiffe://td/region/eu/ns/shop/sa/web', true],
    ['shop/web', 'spiffe:///ns/shop/sa/web', false],
    ['shop/', 'spiffe://td/ns/shop/sa/', true],
  ])('%s matches %s: %j', (value, identity, expected) => {
    expect(matchesServiceAccount(value, 'shop', identity)).toBe(expected);
  });
});

describe('trustDomains', () => {
  it.each([
    ['cluster.local', web, true],
    ['cluster', web, false],
    ['*', web, true],
    ['*local', web, true],
    ['*shop', web, false],
    ['cluster*', web, true],
    ['cluster.local/ns/*', web, true],
    ['cluster.local/ns/shop', web, true],
    ['*local/ns/shop', web, true],
    ['*', '-', false],
  ])('%s matches %s: %j', (value, identity, expected) => {
    expect(matchesTrustDomain(value, identity)).toBe(expected);
  });
});
