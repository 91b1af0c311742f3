import { describe, expect, it } from 'vitest';
import type { Authentication, JsonObject } from '../../src/index.js';
import { connection, l7Decider, type RuleSpec, request, ruleMatches } from './mesh.js';

function withClaims(claims: JsonObject): { readonly authentication: Authentication } {
  return { authentication: { claims, audiences: [], edits: { removed: [], added: [] } } };
}

const principal = (value: string): RuleSpec => ({ from: [{ source: { requestPrincipals: [value] } }] });
const when = (key: string, ...values: string[]): RuleSpec => ({ when: [{ key, values }] });

describe('request principals', () => {
  it.each([
    ['*', 'a', 's', true],
    ['*', 'a', '', false],
    ['*', '', 's', false],
    ['*/s', 'a', 's', true],
    ['*/s', 'a', 'xs', false],
    ['*.org/s', 'https://x.org', 's', true],
    ['*.org/s*', 'x.org', 's*', true],
    ['*.org/s*', 'x.org', 'sx', false],
    ['*s', 'a', 'xs', true],
    ['*s', '', 'xs', false],
    ['i/*', 'i', 's', true],
    ['i/*', 'i', '', false],
    ['i/p*', 'i', 'px', true],
    ['i/p*', 'ix', 'px', false],
    ['p*', 'px', 's', true],
    ['x', 'x', 's', false],
    ['x', 'x', '', true],
    ['i/', 'i', '', true],
    ['i/s', 'i', 's', true],
    ['https://i.example/realm/s', 'https://i.example/realm', 's', true],
    ['https://i.exam*', 'https://i.example', 's', false],
  ])('of %s match issuer %j and subject %j: %s', (value, iss, sub, expected) => {
    expect(ruleMatches(principal(value), withClaims({ iss, sub }))).toBe(expected);
    expect(ruleMatches(when('request.auth.principal', value), withClaims({ iss, sub }))).toBe(expected);
  });

  it('match no request without token, and no token whose issuer or subject is missing or a list', () => {
    for (const claims of [{}, { iss: 'a' }, { sub: 's' }, { iss: ['a'], sub: 's' }]) {
      expect(ruleMatches(principal('*'), withClaims(claims))).toBe(false);
    }
    expect(ruleMatches(principal('*'))).toBe(false);
    expect(ruleMatches({ from: [{ source: { notRequestPrincipals: ['*'] } }] })).toBe(true);
  });
});

describe('claims', () => {
  const claims = {
    aud: ['x', 'y'],
    azp: 'p',
    group: 'admins',
    groups: ['dev', 'admins'],
    n: 7,
    t: true,
    deep: { roles: ['r'], level: 'l1', 'a.b': 'dotted' },
    'a.b': 'literal',
    'https://x/y': 'url',
    'a]b[c': 'odd',
    mixed: [7, 'seven'],
    nested: [['r']],
  };

  it.each([
    ['request.auth.audiences', 'x', true],
    ['request.auth.audiences', 'z', false],
    ['request.auth.presenter', 'p*', true],
    ['request.auth.claims[group]', 'admins', true],
    ['request.auth.claims[group]', 'adm*', true],
    ['request.auth.claims[group]', '*mins', true],
    ['request.auth.claims[groups]', 'admins', true],
    ['request.auth.claims[groups]', 'ops', false],
    ['request.auth.claims[groups]', '*', true],
    ['request.auth.claims[n]', '7', false],
    ['request.auth.claims[n]', '*', false],
    ['request.auth.claims[t]', 'true', false],
    ['request.auth.claims[mixed]', 'seven', true],
    ['request.auth.claims[nested]', 'r', false],
    ['request.auth.claims[deep][roles]', 'r', true],
    ['request.auth.claims[deep][level]', 'l1', true],
    ['request.auth.claims[deep][a.b]', 'dotted', true],
    ['request.auth.claims[deep]', '*', false],
    ['request.auth.claims[deep][level][x]', '*', false],
    ['request.auth.claims[groups][0]', '*', false],
    ['request.auth.claims[a.b]', 'literal', true],
    ['request.auth.claims[https://x/y]', 'url', true],
    ['request.auth.claims[toString]', '*', false],
    ['request.auth.claims[deep][__proto__]', '*', false],
  ])('%s is %s: %s', (key, value, expected) => {
    expect(ruleMatches(when(key, value), withClaims(claims))).toBe(expected);
  });

  it('are all absent without a token, which satisfies what they must not be', () => {
    expect(ruleMatches({ when: [{ key: 'request.auth.claims[group]', notValues: ['admins'] }] })).toBe(true);
    expect(ruleMatches({ when: [{ key: 'request.auth.claims[group]', notValues: ['admins'] }] }, withClaims(claims))).toBe(false);
  });
});

describe('what tokens change about a request', () => {
  const edits = { removed: ['x-old'], added: [['x-sub', 'ann']], path: '/p' } as const;
  const sent = request({ path: '/p?t=1', headers: [['X-Old', '1']], authentication: { claims: {}, audiences: [], edits } });

  it('is what policy sees and the application gets', () => {
    const matches = (key: string, value: string) =>
      l7Decider('waypoint', [{ rules: [when(key, value)] }]).request(connection(), sent).effect;
    expect(matches('request.headers[x-sub]', 'ann')).toBe('allow');
    expect(matches('request.headers[x-old]', '*')).toBe('deny');
    expect(matches('request.headers[:path]', '/p')).toBe('allow');
    expect(l7Decider('waypoint', []).request(connection(), sent)).toMatchObject({ effect: 'allow', path: '/p' });
  });

  it('refuses a request after CUSTOM and before DENY', () => {
    const refused = { status: 401, body: 'no', wwwAuthenticate: 'Bearer' } as const;
    const bad = request({ authentication: { claims: {}, audiences: [], edits: { removed: [], added: [] }, refused } });
    const deny = { action: 'DENY', rules: [{}] };
    expect(l7Decider('waypoint', [deny]).request(connection(), bad)).toMatchObject({
      effect: 'deny',
      reason: 'invalid-token',
      response: { status: 401, headers: [['www-authenticate', 'Bearer']], body: 'no' },
    });
    const custom = { action: 'CUSTOM', provider: { name: 'nobody' }, rules: [{}] };
    expect(l7Decider('waypoint', [custom]).request(connection(), bad).reason).toBe('custom-policy');
  });
});
