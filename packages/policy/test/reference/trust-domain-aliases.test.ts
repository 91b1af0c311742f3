import { describe, expect, it } from 'vitest';
import { expandPrincipal, expandTrustDomain } from '../../src/reference/trust-domain-aliases.js';

const domains = ['new-td', 'old-td', 'other.example'];

describe('expandPrincipal', () => {
  it.each([
    ['new-td/ns/a/sa/b', ['new-td/ns/a/sa/b', 'old-td/ns/a/sa/b', 'other.example/ns/a/sa/b']],
    ['old-td/ns/a/sa/*', ['new-td/ns/a/sa/*', 'old-td/ns/a/sa/*', 'other.example/ns/a/sa/*']],
    ['cluster.local/ns/a/sa/b', ['new-td/ns/a/sa/b', 'old-td/ns/a/sa/b', 'other.example/ns/a/sa/b']],
    ['*-td/ns/a/sa/b', ['*-td/ns/a/sa/b', 'other.example/ns/a/sa/b']],
    ['*/ns/a/sa/b', ['*/ns/a/sa/b']],
    ['*', ['*']],
    ['unknown/ns/a/sa/b', ['unknown/ns/a/sa/b']],
    ['new-td/ns/a', ['new-td/ns/a']],
    ['*/sa/b', ['*/sa/b']],
  ])('%s', (value, expanded) => {
    expect(expandPrincipal(value, domains)).toEqual(expanded);
  });
});

describe('expandTrustDomain', () => {
  it.each([
    ['old-td', domains],
    ['cluster.local', domains],
    ['unknown', ['unknown']],
    ['*', ['*']],
    ['*-td', ['*-td']],
    ['new*', ['new*']],
  ])('%s', (value, expanded) => {
    expect(expandTrustDomain(value, domains)).toEqual(expanded);
  });
});
