import { describe, expect, it } from 'vitest';
import type { QuestionText } from '../../src/index.js';
import { parseQuestion } from '../../src/index.js';
import { ask, documents, inventoryOf, namespace, pod, waypoint } from './mesh.js';

const rule = (more: object) =>
  JSON.stringify({ issuer: 'https://issuer.example', jwks: '{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB"}]}', ...more });
const mesh = (more: object = {}) =>
  documents(
    namespace('shop'),
    pod('shop', 'client', '10.0.0.1'),
    pod('shop', 'api', '10.0.0.2'),
    waypoint('shop'),
    `apiVersion: v1
kind: Service
metadata: {name: api, namespace: shop, labels: {istio.io/use-waypoint: waypoint}}
spec: {clusterIP: 10.9.0.1, selector: {app: api}, ports: [{name: http, port: 80, targetPort: 8080}]}
`,
    `apiVersion: security.istio.io/v1
kind: RequestAuthentication
metadata: {name: tokens, namespace: shop}
spec: {targetRefs: [{kind: Service, group: "", name: api}], jwtRules: [${rule(more)}]}
`,
    `apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: admins, namespace: shop}
spec:
  targetRefs: [{kind: Service, group: "", name: api}]
  rules: [{when: [{key: 'request.auth.claims[groups]', values: [admins]}]}]
`,
  );
const question: QuestionText = { from: 'shop/client', to: 'http://api.shop/' };
const claims = (more: object) => JSON.stringify({ iss: 'https://issuer.example', sub: 'ann', ...more });
const gateOf = (text: string, more: Partial<QuestionText>) => {
  const { gates, notes } = ask(text, { ...question, ...more });
  return { gate: gates[0], notes };
};

describe('explain and tokens', () => {
  it.each([
    ['what they claim', {}, { groups: ['admins'] }, 'allow', 'allow-policy'],
    ['what they do not claim', {}, { groups: ['dev'] }, 'deny', 'no-allow-match'],
    ['an audience that the rule wants', { audiences: ['shop'] }, { groups: 'admins', aud: 'shop' }, 'allow', 'allow-policy'],
    ['an audience that it does not want', { audiences: ['shop'] }, { groups: 'admins', aud: 'bank' }, 'deny', 'invalid-token'],
    ['an end in the past', {}, { groups: 'admins', exp: 5 }, 'allow', 'allow-policy'],
    ['a header of its own', { fromHeaders: [{ name: 'x-t', prefix: 'T ' }] }, { groups: 'admins' }, 'allow', 'allow-policy'],
    ['a parameter', { fromParams: ['t'] }, { groups: 'admins' }, 'allow', 'allow-policy'],
    ['a cookie', { fromCookies: ['t'] }, { groups: 'admins' }, 'allow', 'allow-policy'],
  ])('takes claims for those of a valid token: %s', (_, more, claimed, effect, reason) => {
    const { gate, notes } = gateOf(mesh(more), { claims: claims(claimed) });
    expect(gate).toMatchObject({ gate: 'waypoint', effect, reason });
    expect(notes).toEqual([]);
  });

  it('refuses the claims of an issuer whom no rule knows', () => {
    expect(gateOf(mesh(), { claims: '{"iss": "somebody"}' }).gate).toMatchObject({
      reason: 'invalid-token',
      policy: 'shop/tokens',
    });
  });

  it('says of a token in a header that nothing is verified', () => {
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const token = `${part({ alg: 'RS256' })}.${part({ iss: 'https://issuer.example' })}.c2ln`;
    const { gate, notes } = gateOf(mesh(), { headers: [`Authorization: Bearer ${token}`] });
    expect(gate).toMatchObject({ effect: 'deny', reason: 'invalid-token' });
    expect(notes).toEqual([expect.stringContaining('`--claims JSON`')]);
  });

  it('takes a token that is none for what it is', () => {
    const { gate, notes } = gateOf(mesh(), { headers: ['Authorization: Bearer x'] });
    expect(gate).toMatchObject({ reason: 'invalid-token' });
    expect(notes).toEqual([]);
  });

  it.each(['x', '[]', '{"a":1,"a":2}'])('refuses %s as claims', (text) => {
    expect(parseQuestion(inventoryOf(mesh()), { ...question, claims: text })).toMatchObject({
      problem: { message: `\`${text}\` is not a JSON object of claims` },
    });
  });
});
