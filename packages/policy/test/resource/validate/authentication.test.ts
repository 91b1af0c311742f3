import { describe, expect, it } from 'vitest';
import { upstream } from '../../../src/index.js';
import { codesOf, complaints, only } from '../load.js';

const peer = (spec: string) => `apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: p}\nspec: ${spec}\n`;
const request = (spec: string) =>
  `apiVersion: security.istio.io/v1\nkind: RequestAuthentication\nmetadata: {name: p}\nspec: ${spec}\n`;
const jwt = (fields: string) => request(`{jwtRules: [{issuer: x, ${fields}}]}`);
const selector = 'selector: {matchLabels: {app: web}}';

describe('PeerAuthentication', () => {
  it('has modes by workload and port', () => {
    expect(
      only(
        'PeerAuthentication',
        peer(`{${selector}, mtls: {mode: STRICT}, portLevelMtls: {8080: {mode: PERMISSIVE}, "81": {}}}`),
      ),
    ).toMatchObject({
      mode: 'STRICT',
      portLevel: [
        { port: 8080, mode: 'PERMISSIVE' },
        { port: 81, mode: 'UNSET' },
      ],
    });
    expect(only('PeerAuthentication', peer('{}'))).toMatchObject({ mode: 'UNSET', portLevel: [] });
  });

  it.each(['strict', '"OFF"', '""'])('has no mode %s', (mode) => {
    expect(codesOf(peer(`{mtls: {mode: ${mode}}}`))).toEqual(['unknown-value']);
  });

  it('has port modes with a selector only', () => {
    for (const spec of ['', 'selector: {}, ', 'selector: {matchLabels: {}}, '])
      expect(codesOf(peer(`{${spec}portLevelMtls: {80: {mode: STRICT}}}`))).toContain('port-level-without-selector');
  });

  it.each(['0', '65536', 'http', '-1', '80.5'])('has no port %s', (port) => {
    expect(codesOf(peer(`{${selector}, portLevelMtls: {"${port}": {mode: STRICT}}}`))).toEqual(['port-level-mtls']);
  });

  it('names each port once, and one at least', () => {
    expect(complaints(peer(`{${selector}, portLevelMtls: {"80": {}, "080": {}}}`))).toEqual(['port-level-mtls: "080"']);
    expect(codesOf(peer(`{${selector}, portLevelMtls: {}}`))).toEqual(['port-level-mtls']);
  });

  it('has no fields that nobody knows', () => {
    expect(complaints(peer('{mtls: {modes: STRICT}}'))).toEqual(['unknown-field: modes']);
    expect(complaints(peer('{targetRefs: []}'))).toEqual(['unknown-field: targetRefs']);
  });
});

describe('RequestAuthentication', () => {
  it('may be empty', () => {
    expect(only('RequestAuthentication', request('{}')).jwtRules).toEqual([]);
  });

  it('is read in full', () => {
    const written = `issuer: a, audiences: [x], jwks_uri: "https://a/k", fromHeaders: [{name: x-token, prefix: "T "}, {name: x-other}],
      fromParams: [t], fromCookies: [c], outputPayloadToHeader: x-payload, forwardOriginalToken: true,
      outputClaimToHeaders: [{header: x-sub, claim: a.b}], timeout: 1.5s, spaceDelimitedClaims: [roles]`;
    const [first, second] = only('RequestAuthentication', request(`{jwtRules: [{${written}}, {issuer: b}]}`)).jwtRules;
    expect(first).toMatchObject({
      index: 0,
      issuer: 'a',
      audiences: ['x'],
      jwksUri: 'https://a/k',
      fromHeaders: [
        { name: 'x-token', prefix: 'T ' },
        { name: 'x-other', prefix: '' },
      ],
      fromParams: ['t'],
      fromCookies: ['c'],
      outputPayloadToHeader: 'x-payload',
      outputClaimToHeaders: [{ header: 'x-sub', claim: 'a.b' }],
      forwardOriginalToken: true,
      timeoutMs: 1500,
      spaceDelimitedClaims: ['roles'],
    });
    expect(second).toMatchObject({ index: 1, issuer: 'b', audiences: [], forwardOriginalToken: false, timeoutMs: 5000 });
    expect(second).not.toHaveProperty('jwksUri');
  });

  it('attaches as policies do', () => {
    expect(codesOf(request(`{${selector}, targetRefs: [{kind: Service, name: web}]}`))).toEqual(['selector-and-target']);
    expect(codesOf(request('{targetRefs: [{kind: Pod, name: web}]}'))).toEqual(['target-kind']);
  });

  it.each([
    'audiences: [a]',
    'jwksUri: "http://a:8080/k"',
    'jwks: \'{"keys":[]}\'',
    'fromHeaders: [{name: x-token, prefix: "Bearer "}]',
    'fromParams: [t], fromCookies: [c]',
    'outputPayloadToHeader: x-payload, forwardOriginalToken: true',
    'outputClaimToHeaders: [{header: x-sub, claim: sub}]',
    'timeout: 1ms',
    'spaceDelimitedClaims: [roles]',
  ])('accepts %s', (fields) => {
    expect(codesOf(jwt(fields))).toEqual([]);
  });

  it.each([
    ['audiences: [""]', 'empty-value'],
    ['jwksUri: "ftp://a"', 'jwt-rule'],
    ['jwksUri: "a.example/k"', 'jwt-rule'],
    ['jwksUri: "https:a"', 'jwt-rule'],
    ['jwksUri: "https://a:x/"', 'jwt-rule'],
    ['jwksUri: ""', 'jwt-rule'],
    [`jwksUri: "https://${'a'.repeat(2048)}"`, 'jwt-rule'],
    ['jwks: nope', 'jwt-rule'],
    ['jwks: "{}", jwksUri: "https://a"', 'jwt-rule'],
    ['fromHeaders: [{name: ""}]', 'empty-value'],
    ['fromHeaders: [{prefix: x}]', 'missing-field'],
    ['fromParams: [""]', 'empty-value'],
    ['fromCookies: [""]', 'empty-value'],
    ['outputClaimToHeaders: [{header: x, claim: ""}]', 'empty-value'],
    ['outputClaimToHeaders: [{header: "x y", claim: a}]', 'jwt-rule'],
    ['outputClaimToHeaders: [{header: x}]', 'missing-field'],
    ['timeout: x', 'jwt-rule'],
    ['timeout: 0s', 'jwt-rule'],
    ['timeout: 1500us', 'jwt-rule'],
    ['timeout: 5', 'wrong-type'],
    ['forwardOriginalToken: "true"', 'wrong-type'],
    [`spaceDelimitedClaims: [${Array(65).fill('a')}]`, 'too-many-items'],
    ['issuers: [a]', 'unknown-field'],
  ])('refuses %s', (fields, code) => {
    expect(codesOf(jwt(fields))).toContain(code);
  });

  it.each([
    ['audiences: []', ['audiences: []']],
    ['fromHeaders: [], fromParams: [], fromCookies: []', ['fromHeaders: []', 'fromParams: []', 'fromCookies: []']],
    ['outputClaimToHeaders: [], spaceDelimitedClaims: []', []],
  ])('refuses %s in strict only, where the list would narrow something down', (fields, places) => {
    expect(complaints(jwt(fields))).toEqual(places.map((place) => `empty-list: ${place}`));
    expect(codesOf(jwt(fields), upstream)).toEqual([]);
  });

  it('has no empty list of targets in strict, and may have no rules', () => {
    expect(complaints(request('{targetRefs: [], jwtRules: []}'))).toEqual(['empty-list: targetRefs: []']);
    expect(codesOf(request('{targetRefs: [], jwtRules: []}'), upstream)).toEqual([]);
  });

  it('has an issuer or an address of keys in every rule', () => {
    expect(codesOf(request('{jwtRules: [{}]}'))).toEqual(['jwt-rule']);
    expect(codesOf(request('{jwtRules: [{issuer: ""}]}'))).toEqual(['jwt-rule']);
  });
});
