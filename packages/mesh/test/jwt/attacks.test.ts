import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { L7Mesh } from '../l7/l7-mesh.js';
import { encode, Issuer, inSeconds } from './issuer.js';
import { anyToken, received, requestAuthentication, sendRaw, startTokenMesh, valuesOf } from './token-mesh.js';

const issuer = new Issuer('https://issuer.example', 'key-1');
const elliptic = new Issuer('https://elliptic.example', 'key-2', 'ec');
const stranger = new Issuer('https://issuer.example', 'key-1');

let mesh: L7Mesh;
beforeAll(async () => {
  const rules = [
    {
      issuer: issuer.name,
      jwks: issuer.jwks(),
      audiences: ['shop'],
      outputClaimToHeaders: [{ header: 'x-sub', claim: 'sub' }],
      outputPayloadToHeader: 'x-payload',
    },
    { issuer: elliptic.name, jwks: elliptic.jwks({ alg: 'ES256' }), fromHeaders: [{ name: 'x-other' }], fromCookies: ['other'] },
  ];
  mesh = await startTokenMesh([requestAuthentication(rules), anyToken]);
});
afterAll(() => mesh.stop());

const good = () => issuer.token({ aud: 'shop' });
const bearer = (token: string) => [`Authorization: Bearer ${token}`];
const cut = (token: string) => token.slice(0, token.lastIndexOf('.') + 1);

describe('a waypoint that checks tokens', () => {
  it('admits a good one, with and without a key id, and whoever has none is left to policy', async () => {
    expect((await sendRaw(mesh, bearer(good()))).status).toBe(200);
    expect((await sendRaw(mesh, bearer(issuer.token({ aud: ['x', 'shop'] }, { kid: undefined })))).status).toBe(200);
    expect((await sendRaw(mesh, [`x-other: ${elliptic.token()}`])).status).toBe(200);
    expect(await sendRaw(mesh, [])).toMatchObject({ status: 403, body: 'RBAC: access denied' });
  });

  const pem = issuer.publicKey.export({ type: 'spki', format: 'pem' }) as string;
  const der = issuer.publicKey.export({ type: 'spki', format: 'der' });
  const pkcs1 = issuer.publicKey.export({ type: 'pkcs1', format: 'pem' }) as string;
  const own = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey.export({ format: 'jwk' });
  const nested = (depth: number) => `{"iss":"${issuer.name}","aud":"shop","x":${'['.repeat(depth)}${']'.repeat(depth)}}`;

  it.each([
    ['no algorithm and no signature', cut(issuer.token({ aud: 'shop' }, { alg: 'none' })), 401],
    ['no algorithm, and the signature of another one', issuer.token({ aud: 'shop' }, { alg: 'none' }), 401],
    ['no algorithm, spelt differently', issuer.token({ aud: 'shop' }, { alg: 'nOnE' }), 401],
    ['an HMAC by the public key in PEM', issuer.hmacToken(pem), 401],
    ['an HMAC by the public key in PEM without its last line break', issuer.hmacToken(pem.trimEnd()), 401],
    ['an HMAC by the public key in PKCS #1', issuer.hmacToken(pkcs1), 401],
    ['an HMAC by the public key in DER', issuer.hmacToken(der), 401],
    ['an HMAC by the key set', issuer.hmacToken(issuer.jwks()), 401],
    ['an HMAC by an empty secret', issuer.hmacToken(''), 401],
    ['an algorithm of another type of key', issuer.token({ aud: 'shop' }, { alg: 'ES256' }), 401],
    ['an algorithm of the same type of key', issuer.token({ aud: 'shop' }, { alg: 'PS256' }), 401],
    ['an algorithm that nobody knows', issuer.token({ aud: 'shop' }, { alg: 'RS1' }), 401],
    ['an algorithm that is a list', issuer.token({ aud: 'shop' }, { alg: ['RS256'] }), 401],
    ['no mention of an algorithm', issuer.token({ aud: 'shop' }, { alg: undefined }), 401],
    ['a key of its own in the header', issuer.token({ aud: 'shop' }, { kid: 'own', jwk: own }), 401],
    ['an address of keys in the header', issuer.token({ aud: 'shop' }, { kid: 'own', jku: 'http://127.0.0.1:1/' }), 401],
    ['a critical extension', issuer.token({ aud: 'shop' }, { crit: ['exp'] }), 401],
    ['a payload that is not encoded', issuer.token({ aud: 'shop' }, { b64: false, crit: ['b64'] }), 401],
    ['a key id that is a path', issuer.token({ aud: 'shop' }, { kid: '../../../../dev/null' }), 401],
    ['a key id that is SQL', issuer.token({ aud: 'shop' }, { kid: "x' UNION SELECT 'key" }), 401],
    ['a key id that is a command', issuer.token({ aud: 'shop' }, { kid: '$(true)|/bin/true' }), 401],
    ['a key id of a prototype', issuer.token({ aud: 'shop' }, { kid: '__proto__' }), 401],
    ['a huge key id', issuer.token({ aud: 'shop' }, { kid: 'k'.repeat(8000) }), 401],
    ['a key id that is a number', issuer.token({ aud: 'shop' }, { kid: 1 }), 401],
    ['the key id of another issuer', issuer.token({ aud: 'shop' }, { kid: 'key-2' }), 401],
    ['the signature of a stranger', stranger.token({ aud: 'shop' }), 401],
    ['the signature of a stranger and no key id', stranger.token({ aud: 'shop' }, { kid: undefined }), 401],
    ['no signature', cut(good()), 401],
    ['a signature of zeros', `${cut(good())}${'A'.repeat(342)}`, 401],
    ['half of its signature', good().slice(0, -171), 401],
    ['the payload of another token', [good().split('.')[0], encode('{"sub":"root"}'), good().split('.')[2]].join('.'), 401],
    ['two parts', good().split('.').slice(0, 2).join('.'), 401],
    ['four parts', `${good()}.e30`, 401],
    ['five parts, as an encrypted one', `${good()}.e30.e30`, 401],
    ['the audience of another service', issuer.token({ aud: 'bank' }), 403],
    ['no audience', issuer.token(), 403],
    ['an audience that is a number', issuer.token({ aud: 7 }), 401],
    ['an audience with a number in it', issuer.token({ aud: ['shop', 7] }), 401],
    ['an audience in an object', issuer.token({ aud: { shop: true } }), 401],
    ['the issuer of another rule', issuer.token({ iss: elliptic.name, aud: 'shop' }), 401],
    ['an issuer in other letters', issuer.token({ iss: issuer.name.toUpperCase(), aud: 'shop' }), 401],
    ['an issuer that is a list', issuer.token({ iss: [issuer.name], aud: 'shop' }), 401],
    ['no issuer', issuer.token({ iss: undefined, aud: 'shop' }), 401],
    ['a subject that is a number', issuer.token({ sub: 1, aud: 'shop' }), 401],
    ['an end long ago', issuer.token({ exp: 1, aud: 'shop' }), 401],
    ['an end two minutes ago', issuer.token({ exp: inSeconds(-120), aud: 'shop' }), 401],
    ['an end that is text', issuer.token({ exp: '9999999999', aud: 'shop' }), 401],
    ['an end before 1970', issuer.token({ exp: -1, aud: 'shop' }), 401],
    ['an end that is null', issuer.token({ exp: null, aud: 'shop' }), 401],
    ['a beginning in the future', issuer.token({ nbf: inSeconds(3600), aud: 'shop' }), 401],
    ['a beginning that is text', issuer.token({ nbf: '1', aud: 'shop' }), 401],
    ['an age that is text', issuer.token({ iat: 'now', aud: 'shop' }), 401],
    ['a claim twice', issuer.signText(`{"iss":"${issuer.name}","sub":"ann","sub":"root","aud":"shop"}`), 401],
    ['an algorithm twice', issuer.signParts('{"alg":"RS256","alg":"none"}', `{"iss":"${issuer.name}","aud":"shop"}`), 401],
    ['a claim twice, once escaped', issuer.signText(`{"iss":"${issuer.name}","sub":"ann","s\\u0075b":"root","aud":"shop"}`), 401],
    ['a payload that is a list', issuer.signText('[]'), 401],
    ['a payload that is null', issuer.signText('null'), 401],
    ['a payload that is not JSON', issuer.signText('sub=ann'), 401],
    ['a payload with more after its end', issuer.signText(`{"iss":"${issuer.name}","aud":"shop"} {}`), 401],
    ['a payload with a comma too many', issuer.signText(`{"iss":"${issuer.name}","aud":"shop",}`), 401],
    ['a payload nested without end', issuer.signText(nested(5000)), 401],
    ['half a surrogate pair', issuer.signText(`{"iss":"${issuer.name}","aud":"shop","sub":"\\ud800"}`), 401],
    ['no content', 'x', 401],
    ['dots', '...', 401],
  ])('refuses one with %s', async (_, token, status) => {
    const answer = await sendRaw(mesh, bearer(token));
    expect(answer.status, answer.body).toBe(status);
    expect(answer.head).toContain('www-authenticate: Bearer realm="http://server.shop/", error="invalid_token"');
    expect(answer.body).toMatch(/^(Jwt|Jwks|Audiences)/);
  });

  it('refuses a huge one before anyone reads it', async () => {
    const sent = sendRaw(mesh, bearer(issuer.token({ aud: 'shop', pad: 'x'.repeat(200_000) })));
    // The gate does not read to the end what it refuses, so the reset may overtake its answer.
    const outcome = await sent.then(
      ({ status }) => status,
      (error: NodeJS.ErrnoException) => error.code,
    );
    expect([431, 'ECONNRESET']).toContain(outcome);
  });

  it('takes no account of members of the prototype of objects', async () => {
    const token = issuer.signText(`{"iss":"${issuer.name}","aud":"shop","__proto__":{"sub":"root"}}`);
    // No subject, and so no request principal.
    expect(await sendRaw(mesh, bearer(token))).toMatchObject({ status: 403, body: 'RBAC: access denied' });
  });

  describe('with tokens in several places', () => {
    const bad = stranger.token({ aud: 'shop' });
    const otherBad = new Issuer(elliptic.name, 'key-2', 'ec').token();

    it.each([
      ['two good ones of two rules', [...bearer(good()), `x-other: ${elliptic.token()}`], '/', 200],
      ['a good one, and a bad one of another rule', [...bearer(good()), `x-other: ${otherBad}`], '/', 401],
      ['a bad one, and a good one of another rule', [...bearer(bad), `x-other: ${elliptic.token()}`], '/', 401],
      ['a good one, and a bad one in a cookie', [...bearer(good()), `Cookie: a=b; other=${otherBad}`], '/', 401],
      ['a good one, and a bad one in the query', bearer(good()), `/?access_token=${bad}`, 401],
      ['a good one, and garbage in the query', bearer(good()), '/?access_token=x', 401],
      ['a good one, and an empty one in the query', bearer(good()), '/?access_token=', 401],
      ['a bad one first in a repeated header', [...bearer(bad), ...bearer(good())], '/', 401],
      ['a bad one last in a repeated header', [...bearer(good()), ...bearer(bad)], '/', 401],
      ['a bad one in a second line of a header', [`x-other: ${elliptic.token()}`, `x-other: ${otherBad}`], '/', 401],
      ['a bad one in a first line of a header', [`x-other: ${otherBad}`, `x-other: ${elliptic.token()}`], '/', 401],
      ['a good one in the place of another rule', [`x-other: ${good()}`], '/', 401],
    ])('answers to %s as the strictest of its rules would', async (_, headers, path, status) => {
      expect((await sendRaw(mesh, headers, { path })).status).toBe(status);
    });
  });

  describe('and passes on what they say', () => {
    it('takes out what a client says in its place, and the token itself', async () => {
      const forged = ['x-sub: root', 'X-Payload: e30', 'X-SUB: admin', 'x_sub: root'];
      const seen = received(await sendRaw(mesh, [...forged, ...bearer(good()), ...forged]));
      expect(valuesOf(seen, 'x-sub')).toEqual(['ann']);
      expect(valuesOf(seen, 'x_sub')).toEqual([]);
      expect(valuesOf(seen, 'authorization')).toEqual([]);
      const [payload = ''] = valuesOf(seen, 'x-payload');
      expect(JSON.parse(Buffer.from(payload, 'base64url').toString())).toMatchObject({ iss: issuer.name, sub: 'ann' });
    });

    it('does so without a token of that rule, too', async () => {
      const seen = received(await sendRaw(mesh, ['x-sub: root', `x-other: ${elliptic.token()}`]));
      expect(valuesOf(seen, 'x-sub')).toEqual([]);
    });

    it('lets no client take it out again by naming it in Connection', async () => {
      const seen = received(await sendRaw(mesh, ['Connection: x-sub, x-payload', 'x-sub: root', ...bearer(good())]));
      expect(valuesOf(seen, 'x-sub')).toEqual(['ann']);
    });

    it('lets no client say it in trailers', async () => {
      const body = '1\r\na\r\n0\r\nx-sub: root\r\nx-mine: 1\r\n\r\n';
      const headers = ['Transfer-Encoding: chunked', 'Trailer: x-sub, x-mine', ...bearer(good())];
      const seen = received(await sendRaw(mesh, headers, { method: 'POST', body }));
      expect(seen.trailers).not.toHaveProperty('x-sub');
      expect(valuesOf(seen, 'x-sub')).toEqual(['ann']);
    });

    it('takes tokens out of the query and out of cookies, in any spelling, and leaves the rest as it was', async () => {
      const token = good();
      const path = `/p?b=%20x&access_token=${token}&acc%65ss_token=${token}&a`;
      expect(received(await sendRaw(mesh, [], { path })).url).toBe('/p?b=%20x&a');
      // Nor does the log keep what would let its readers in.
      expect(await mesh.logged('GET /p')).toContain('"GET /p?b=%20x&a HTTP/1.1" 200');
      const other = elliptic.token();
      const cookies = [`Cookie: a=1; other=${other}; b=2`, `Cookie: other=${other}`];
      expect(valuesOf(received(await sendRaw(mesh, cookies)), 'cookie')).toEqual(['a=1; b=2']);
    });

    it('refuses a bad token behind a good one of the same place', async () => {
      const repeated = await sendRaw(mesh, [], { path: `/p?access_token=${good()}&acc%65ss_token=y` });
      expect(repeated.status).toBe(401);
      const cookies = [`Cookie: other=${elliptic.token()}`, 'Cookie: other=x'];
      expect((await sendRaw(mesh, cookies)).status).toBe(401);
    });

    it('answers 503 where a claim would break the message', async () => {
      const answer = await sendRaw(mesh, bearer(issuer.token({ aud: 'shop', sub: 'ann\r\nx-role: admin' })));
      expect(answer).toMatchObject({ status: 503, body: 'invalid header value for: x-sub' });
    });
  });

  it('lets a complete CORS preflight go on to policy, with nothing of what only the gate may say', async () => {
    const preflight = ['Origin: https://a', 'Access-Control-Request-Method: PUT'];
    expect((await sendRaw(mesh, [...preflight, ...bearer('x')], { method: 'OPTIONS' })).status).toBe(403);
    expect((await sendRaw(mesh, ['Origin: https://a', ...bearer('x')], { method: 'OPTIONS' })).status).toBe(401);
    expect((await sendRaw(mesh, [...preflight, ...bearer('x')])).status).toBe(401);
  });

  it('says in log and metrics whose rule refused a token, and why', async () => {
    await sendRaw(mesh, bearer(issuer.token({ exp: 1, aud: 'shop' })), { path: '/expired' });
    expect(await mesh.logged('/expired')).toMatch(
      / 401 - jwt_authn_access_denied\{Jwt_is_expired\} .* reason="invalid-token" policy="RequestAuthentication\/shop\/tokens" rule=0 /,
    );
    expect(await mesh.mesh.metrics.metrics()).toMatch(
      /sallyport_decisions_total\{gate="waypoint",effect="deny",reason="invalid-token",kind="RequestAuthentication"/,
    );
  });
});
