import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AuthenticationResult, authenticate } from '../../src/authenticate/authenticate.js';
import type { BoundJwtRule } from '../../src/authenticate/token-judge.js';
import type { JwtRule, RequestAuthentication } from '../../src/index.js';
import { request } from '../reference/mesh.js';

const place = { line: 1, column: 1, offset: 0 };
const span = { file: 'mesh.yaml', start: place, end: place };
const policy = {
  kind: 'RequestAuthentication',
  metadata: { namespace: 'shop', name: 'tokens' },
} as unknown as RequestAuthentication;

function bound(more: Partial<JwtRule>): BoundJwtRule {
  const rule: JwtRule = {
    index: 0,
    issuer: 'a',
    audiences: [],
    fromHeaders: [],
    fromParams: [],
    fromCookies: [],
    outputClaimToHeaders: [],
    forwardOriginalToken: false,
    timeoutMs: 5000,
    spaceDelimitedClaims: [],
    span,
    ...more,
  };
  return { rule, policy };
}

const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const token = (claims: object, signature = 'good') =>
  `${encode({ alg: 'RS256' })}.${encode(claims)}.${Buffer.from(signature).toString('base64url')}`;

interface Asked {
  readonly dialect?: 'strict' | 'upstream';
  readonly headers?: readonly (readonly [string, string])[];
  readonly path?: string;
  readonly method?: string;
  readonly now?: number;
}

/** Signatures are good where they say so. */
function ask(rules: readonly BoundJwtRule[], asked: Asked = {}): AuthenticationResult['authentication'] {
  const { dialect = 'strict', headers = [], path = '/', method = 'GET', now = 1000 } = asked;
  const { authentication, wanted } = authenticate({
    dialect,
    rules,
    request: request({ method, path, headers }),
    path,
    now,
    signatures: ({ token: { compact } }) =>
      Buffer.from(compact.split('.')[2] ?? '', 'base64url').toString() === 'good' ? 'valid' : 'signature',
  });
  expect(wanted).toEqual([]);
  return authentication;
}

const bearer = (text: string) => ['Authorization', `Bearer ${text}`] as const;

describe('a token', () => {
  it('says who the client is, with lists that are written with spaces as lists', () => {
    const claims = { iss: 'a', sub: 's', aud: ['x', 'y'], azp: 'p', scope: 'read  write', roles: 'r q', deep: { roles: 'r q' } };
    expect(ask([bound({ spaceDelimitedClaims: ['roles'] })], { headers: [bearer(token(claims))] })).toMatchObject({
      issuer: 'a',
      subject: 's',
      audiences: ['x', 'y'],
      presenter: 'p',
      claims: { scope: ['read', 'write'], roles: ['r', 'q'], deep: { roles: 'r q' } },
      edits: { removed: ['authorization'] },
    });
  });

  it.each([
    ['is good up to a minute after its end', { iss: 'a', exp: 940 }, undefined],
    ['is good no longer', { iss: 'a', exp: 939 }, 'Jwt is expired'],
    ['is good a minute before its beginning', { iss: 'a', nbf: 1060 }, undefined],
    ['is not good earlier', { iss: 'a', nbf: 1061 }, 'Jwt not yet valid'],
    ['is good for ever with an end of 0', { iss: 'a', exp: 0 }, undefined],
    ['is of its issuer', { iss: 'b' }, 'Jwt issuer is not configured'],
  ])('%s', (_, claims, body) => {
    for (const dialect of ['strict', 'upstream'] as const) {
      expect(ask([bound({})], { dialect, headers: [bearer(token(claims))] }).refused?.body).toBe(body);
    }
  });

  it('has to be looked at again when it runs out, and not where it never does', () => {
    expect(ask([bound({})], { headers: [bearer(token({ iss: 'a', exp: 2000 }))] }).expiresAt).toBe(2060);
    expect(ask([bound({})], { headers: [bearer(token({ iss: 'a' }))] })).not.toHaveProperty('expiresAt');
  });

  it.each([
    ['https://shop/', 'shop', undefined],
    ['shop', 'http://shop', undefined],
    ['shop//', 'shop', 403],
    ['SHOP', 'shop', 403],
    ['', '', undefined],
  ])('for the audience %j is accepted by a rule for %j: %s', (aud, accepted, status) => {
    const answer = ask([bound({ audiences: [accepted] })], { headers: [bearer(token({ iss: 'a', aud }))] });
    expect(answer.refused?.status).toBe(status);
  });

  it('is refused for its audience before its signature, and for its time before its audience', () => {
    const rules = [bound({ audiences: ['x'] })];
    expect(ask(rules, { headers: [bearer(token({ iss: 'a' }, 'bad'))] }).refused?.status).toBe(403);
    expect(ask(rules, { headers: [bearer(token({ iss: 'a', exp: 1 }, 'bad'))] }).refused?.body).toBe('Jwt is expired');
  });

  it('is refused with a challenge that repeats no more than 256 characters of the path', () => {
    const path = `/${'p'.repeat(400)}`;
    const { refused } = ask([bound({})], { path, headers: [bearer('x')] });
    expect(refused?.wwwAuthenticate).toBe(`Bearer realm="http://api.shop${path.slice(0, 256)}", error="invalid_token"`);
  });

  it('is found anywhere behind its prefix, whose letters count', () => {
    const good = token({ iss: 'a', sub: 's' });
    const rules = [bound({ fromHeaders: [{ name: 'X-T', prefix: 'Tok ' }] })];
    expect(ask(rules, { headers: [['x-t', `a,Tok  "${good}`]] }).subject).toBe('s');
    expect(ask(rules, { headers: [['x-t', `tok ${good}`]] })).toMatchObject({ claims: {} });
    expect(ask(rules, { headers: [['x-t', `tok ${good}`]] })).not.toHaveProperty('refused');
    expect(ask(rules, { headers: [['x-t', 'Tok ']] })).not.toHaveProperty('refused');
  });

  it('of no rule that is there leaves the request without identity', () => {
    expect(ask([bound({})])).toEqual({ audiences: [], claims: {}, edits: { reserved: [], removed: [], added: [] } });
  });

  it('passes on claims in headers, each type in its own way', () => {
    const claims = { s: 'é', n: 3, f: 2.5, m: -1, big: 2 ** 60, t: true, l: ['a', '<'], o: { k: 'v' }, z: null, e: '' };
    const outputClaimToHeaders = [...Object.keys(claims), 'o.k', 'none'].map((claim) => ({ header: `x-${claim}`, claim }));
    const { edits } = ask([bound({ outputClaimToHeaders })], { headers: [bearer(token({ iss: 'a', ...claims }))] });
    const base64 = (text: string) => Buffer.from(text).toString('base64');
    expect(edits.added).toEqual([
      ['x-s', 'Ã©'],
      ['x-n', '3'],
      ['x-f', '2.500000'],
      ['x-m', '-1.000000'],
      ['x-big', '1152921504606846976'],
      ['x-t', 'true'],
      ['x-l', base64('["a","\\u003c"]')],
      ['x-o', base64('{"k":"v"}')],
      ['x-o.k', 'v'],
    ]);
  });
});

describe('two rules', () => {
  const first = bound({ issuer: 'a', outputClaimToHeaders: [{ header: 'x-sub', claim: 'sub' }] });
  const second = bound({
    index: 1,
    issuer: 'b',
    fromHeaders: [{ name: 'x-b', prefix: '' }],
    fromCookies: ['b'],
    outputClaimToHeaders: [{ header: 'x-b-sub', claim: 'sub' }],
  });
  const good = bearer(token({ iss: 'a', sub: 'ann', exp: 5000 }));
  const other = token({ iss: 'b', sub: 'bob', exp: 4000 });
  const bad = token({ iss: 'b' }, 'bad');

  it('of which one accepts: its token is the identity, whatever the other one says upstream', () => {
    const headers = [good, ['x-b', bad], ['x-b-sub', 'root']] as const;
    const upstream = ask([first, second], { dialect: 'upstream', headers });
    expect(upstream).toMatchObject({ subject: 'ann', edits: { removed: ['authorization'], added: [['x-sub', 'ann']] } });
    expect(ask([first, second], { headers }).refused).toMatchObject({ status: 401, policy: { rule: 1 } });
  });

  it('that both accept: the first one is the identity, and strict looks again when the earlier of the two runs out', () => {
    const headers = [good, ['x-b', other]] as const;
    expect(ask([first, second], { dialect: 'upstream', headers })).toMatchObject({ subject: 'ann', expiresAt: 5060 });
    const strict = ask([first, second], { headers });
    expect(strict).toMatchObject({ subject: 'ann', expiresAt: 4060 });
    expect(strict.edits.removed).toEqual(['authorization', 'x-b']);
  });

  it('keep a cookie that holds a token upstream, and remove it in strict', () => {
    const headers = [['Cookie', `x=1; b=${other}`]] as const;
    expect(ask([first, second], { dialect: 'upstream', headers }).edits.removed).toEqual([]);
    expect(ask([first, second], { headers }).edits).toMatchObject({
      removed: ['cookie'],
      added: [
        ['x-b-sub', 'bob'],
        ['cookie', 'x=1'],
      ],
    });
  });

  it.each([
    ['parameter', { path: `/?t=${token({ iss: 'a' })}&b=1&%74=${token({ iss: 'a' }, 'bad')}` }],
    ['cookie', { headers: [['cookie', `t=${token({ iss: 'a' })}; t=${token({ iss: 'a' }, 'bad')}`]] }],
    ['cookie of a line of its own', { headers: ['good', 'bad'].map((each) => ['cookie', `t=${token({ iss: 'a' }, each)}`]) }],
  ] as const)('refuse a bad token in a repeated %s in strict, and do not see it upstream', (_, asked) => {
    const rules = [bound({ fromParams: ['t'], fromCookies: ['t'], forwardOriginalToken: true })];
    expect(ask(rules, asked as Asked).refused).toMatchObject({ status: 401 });
    expect(ask(rules, { ...(asked as Asked), dialect: 'upstream' })).toMatchObject({ issuer: 'a' });
  });

  it('remove what a client sent in their place: upstream only where they were asked', () => {
    const headers = [good, ['x-b-sub', 'root'], ['X_Sub', 'root']] as const;
    expect(ask([first, second], { dialect: 'upstream', headers }).edits.removed).toEqual(['authorization']);
    expect(new Set(ask([first, second], { headers }).edits.removed)).toEqual(new Set(['authorization', 'x-b-sub', 'x_sub']));
  });

  it('let strict accept nothing that upstream refuses, with the same identity', () => {
    const tokens = fc.constantFrom(
      token({ iss: 'a', sub: '1' }),
      token({ iss: 'b', sub: '2' }),
      token({ iss: 'c', sub: '3' }),
      token({ iss: 'a', sub: '4', exp: 1 }),
      token({ iss: 'a', aud: 'x' }),
      token({ iss: 'b' }, 'bad'),
      'x',
      '',
    );
    const names = ['x-a', 'x-b', 'authorization'];
    const headers = fc.array(
      fc
        .tuple(fc.constantFrom(...names), tokens)
        .map(([name, text]) => [name, name === 'authorization' ? `Bearer ${text}` : text] as const),
      { maxLength: 4 },
    );
    const rules = fc.array(
      fc.record({
        issuer: fc.constantFrom('a', 'b'),
        audiences: fc.constantFrom([], [], ['x']),
        fromHeaders: fc
          .subarray(names)
          .map((some) => some.map((name) => ({ name, prefix: name === 'authorization' ? 'Bearer ' : '' }))),
        forwardOriginalToken: fc.boolean(),
      }),
      { minLength: 1, maxLength: 3 },
    );
    fc.assert(
      fc.property(rules, headers, (specs, sent) => {
        const bounds = specs.map((spec, index) => bound({ index, ...spec }));
        const strict = ask(bounds, { headers: sent });
        const upstream = ask(bounds, { dialect: 'upstream', headers: sent });
        if (strict.refused === undefined) {
          expect(upstream.refused).toBeUndefined();
          expect(strict.claims).toEqual(upstream.claims);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe('a CORS preflight', () => {
  const rules = [bound({ outputClaimToHeaders: [{ header: 'x-sub', claim: 'sub' }] })];
  const complete = [
    ['Origin', 'https://x'],
    ['Access-Control-Request-Method', 'PUT'],
  ] as const;

  it('is let through without a look at tokens, if it is complete', () => {
    const ok = ask(rules, { method: 'OPTIONS', headers: [...complete, bearer('x'), ['x-sub', 'root']] });
    expect(ok.refused).toBeUndefined();
    expect(ok.edits.removed).toEqual(['x-sub']);
    expect(ask(rules, { method: 'OPTIONS', headers: [complete[0], bearer('x')] }).refused?.status).toBe(401);
    expect(
      ask(rules, { method: 'OPTIONS', headers: [complete[0], ['access-control-request-method', ''], bearer('x')] }).refused,
    ).toBeDefined();
    expect(ask(rules, { headers: [...complete, bearer('x')] }).refused?.status).toBe(401);
  });
});

describe('signatures that nobody has verified', () => {
  it('are named, and their tokens refused until they are', () => {
    const compact = token({ iss: 'a' });
    const { authentication, wanted } = authenticate({
      dialect: 'strict',
      rules: [bound({})],
      request: request({ headers: [bearer(compact)] }),
      path: '/',
      now: 1000,
      signatures: () => undefined,
    });
    expect(authentication.refused).toMatchObject({ status: 401, body: 'Jwks remote fetch is failed' });
    expect(wanted).toMatchObject([{ token: { compact, algorithm: 'RS256' } }]);
  });

  it('are not asked for where the token is bad anyway', () => {
    const { wanted } = authenticate({
      dialect: 'upstream',
      rules: [bound({})],
      request: request({ headers: [bearer(token({ iss: 'b' }))] }),
      path: '/',
      now: 1000,
      signatures: () => undefined,
    });
    expect(wanted).toEqual([]);
  });
});
