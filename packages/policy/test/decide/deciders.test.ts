import { describe, expect, it } from 'vitest';
import { forwardedPath, isPermit, type RequestAttributes, upstream } from '../../src/index.js';
import { connect, connection, l7Decider, plaintext, request, type Spec } from '../reference/mesh.js';

const pod = { destinationIp: '10.0.0.2', destinationPort: 8080 };
const peerAuthentication = {
  apiVersion: 'security.istio.io/v1',
  kind: 'PeerAuthentication',
  metadata: { name: 'locked', namespace: 'shop' },
  spec: { selector: { matchLabels: { app: 'api' } }, mtls: { mode: 'STRICT' }, portLevelMtls: { 9090: { mode: 'PERMISSIVE' } } },
};
const requestAuthentication = (jwtRules: readonly object[]) => ({
  apiVersion: 'security.istio.io/v1',
  kind: 'RequestAuthentication',
  metadata: { name: 'tokens', namespace: 'shop' },
  spec: { targetRefs: [{ group: '', kind: 'Service', name: 'api' }], jwtRules },
});

describe('empty rules', () => {
  it.each([
    ['no policy allows', [], 'allow', 'no-policy'],
    ['an ALLOW without rules denies everything', [{}], 'deny', 'no-allow-match'],
    ['an ALLOW with an empty rule allows everything', [{ rules: [{}] }], 'allow', 'allow-policy'],
    ['a DENY with an empty rule denies everything', [{ action: 'DENY', rules: [{}] }], 'deny', 'deny-policy'],
    ['an AUDIT without rules says nothing', [{ action: 'AUDIT' }], 'allow', 'no-allow-policy'],
    ['a DENY overrides an ALLOW', [{ rules: [{}] }, { action: 'DENY', rules: [{}] }], 'deny', 'deny-policy'],
  ] as const)('%s, at every gate', (_, specs: readonly Spec[], effect, reason) => {
    expect(connect('ztunnel', specs, connection(pod))).toMatchObject({ effect, reason });
    expect(connect('waypoint', specs)).toMatchObject({ effect, reason });
    for (const gate of ['waypoint', 'gateway'] as const) {
      expect(l7Decider(gate, specs).request(connection(), request())).toMatchObject({ effect, reason });
    }
  });
});

describe('where no ALLOW policy matches', () => {
  const named = (policyName: string, rest: Spec = {}): Spec => ({
    policyName,
    rules: [{ to: [{ operation: { ports: ['1'] } }] }],
    ...rest,
  });
  const specs = [named('b'), named('a'), named('c', { action: 'DENY' }), named('d', { dryRun: true })];

  it('the verdict names those that are enforced, at every gate', () => {
    for (const verdict of [
      connect('ztunnel', specs, connection(pod)),
      connect('waypoint', specs),
      l7Decider('waypoint', specs).request(connection(), request()),
    ]) {
      expect(verdict).toMatchObject({ reason: 'no-allow-match' });
      expect(verdict.unmatched?.map(({ namespace, name }) => `${namespace}/${name}`).sort()).toEqual(['shop/a', 'shop/b']);
    }
  });

  it('and no other verdict does', () => {
    expect(connect('waypoint', [...specs, { rules: [{}] }]).unmatched).toBeUndefined();
  });
});

describe('connectionDecider', () => {
  const options = { manifests: [peerAuthentication] };

  it('refuses plaintext where mutual TLS is required, and names who requires it', () => {
    const verdict = connect('ztunnel', [{ rules: [{}] }], plaintext(pod), options);
    expect(verdict).toMatchObject({
      effect: 'deny',
      reason: 'mtls-required',
      policy: { kind: 'PeerAuthentication', name: 'locked' },
    });
  });

  it('admits plaintext on a port that is excepted, and a certificate on any', () => {
    expect(connect('ztunnel', [], plaintext({ ...pod, destinationPort: 9090 }), options).effect).toBe('allow');
    expect(connect('ztunnel', [], connection(pod), options).effect).toBe('allow');
  });

  it('names the first of several policies by namespace, name and rule', () => {
    const deny = (policyName: string): Spec => ({
      policyName,
      action: 'DENY',
      rules: [{ to: [{ operation: { ports: ['1'] } }] }, {}],
    });
    expect(connect('waypoint', [deny('b'), deny('a')]).policy).toMatchObject({ name: 'a', rule: 1 });
  });
});

describe('requestDecider', () => {
  it('denies requests where there are no keys for tokens, and leaves TCP connections to policy', () => {
    const options = { manifests: [requestAuthentication([{ issuer: 'me', jwks: '{"keys":[]}' }])] };
    const decider = l7Decider('waypoint', [{ rules: [{}] }], options);
    expect(decider.request(connection(), request())).toMatchObject({ effect: 'deny', reason: 'unsupported-policy' });
    expect(decider.connection(connection({ destinationPort: 3306 })).effect).toBe('allow');
  });

  it('refuses any token that nobody has verified, and passes requests without one', () => {
    const decider = l7Decider('waypoint', [{ rules: [{}] }], { manifests: [requestAuthentication([{ issuer: 'me' }])] });
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const token = `${part({ alg: 'RS256' })}.${part({ iss: 'me', sub: 'ann' })}.c2ln`;
    const bearer = request({ headers: [['Authorization', `Bearer ${token}`]] });
    expect(decider.request(connection(), bearer)).toMatchObject({
      effect: 'deny',
      reason: 'invalid-token',
      status: 401,
      policy: { kind: 'RequestAuthentication', name: 'tokens', rule: 0 },
    });
    expect(decider.request(connection(), request()).effect).toBe('allow');
  });

  it('denies what a CUSTOM policy matches, and only that', () => {
    const custom: Spec = {
      action: 'CUSTOM',
      provider: { name: 'authz' },
      rules: [{ to: [{ operation: { paths: ['/admin*'] } }] }],
    };
    const decider = l7Decider('waypoint', [custom]);
    expect(decider.request(connection(), request({ path: '/admin' }))).toMatchObject({ effect: 'deny', reason: 'custom-policy' });
    expect(decider.request(connection(), request()).effect).toBe('allow');
  });

  it('forwards the path that it matched', () => {
    const decider = l7Decider('waypoint', [], { meshConfig: { pathNormalization: { normalization: 'MERGE_SLASHES' } } });
    const sent = (asked: RequestAttributes) => {
      const verdict = decider.request(connection(), asked);
      return isPermit(verdict) ? forwardedPath(verdict, asked) : undefined;
    };
    expect(sent(request({ path: '/a//../%41?b=//#c' }))).toBe('/a/A?b=//');
    expect(sent(request({ path: '/a/A?b=//' }))).toBe('/a/A?b=//');
    expect(sent(request({ path: '/%00' }))).toBeUndefined();
  });

  it('gives a denied request no path to go on with', () => {
    for (const path of ['/a', '/a//b']) {
      const verdict = l7Decider('waypoint', [{}]).request(connection(), request({ path }));
      expect(isPermit(verdict)).toBe(false);
      expect(verdict).not.toHaveProperty('path');
    }
  });

  it('closes the gate over a template for which Envoy would refuse everything', () => {
    const specs: readonly Spec[] = [{ rules: [{ to: [{ operation: { paths: ['{*}'] } }] }, {}] }];
    const verdict = l7Decider('waypoint', specs, { dialect: upstream }).request(connection(), request());
    expect(verdict).toMatchObject({ effect: 'deny', reason: 'unsupported-policy', policy: { name: 'p-0', rule: 0 } });
  });

  it.each([
    ['a NUL in the path', { path: '/%00' }, 400],
    ['a raw control character', { path: '/a\u0001' }, 400],
    ['a character that is no byte', { path: '/\ud800' }, 400],
    ['a path without a slash', { path: 'a' }, 404],
    ['the path `*`', { method: 'OPTIONS', path: '*' }, 404],
    ['no path', { path: '' }, 404],
    ['no authority', { authority: '' }, 400],
    ['an authority with a slash', { authority: 'a/b' }, 400],
    ['an authority with a blank', { authority: 'a b' }, 400],
    ['a lower-case method in HTTP/1.1', { method: 'get' }, 400],
    ['an unknown method in HTTP/1.1', { method: 'FETCH' }, 400],
    ['an empty method in HTTP/2', { method: '', httpVersion: 2 }, 400],
    ['a header value with a line break', { headers: [['x', 'a\r\nb']] }, 400],
    ['a pseudo header among the headers', { headers: [[':path', '/admin']] }, 400],
    ['a scheme that is none of HTTP', { scheme: 'ftp' }, 400],
  ] as const)('answers %s by itself, whatever the policies say', (_, sent, status) => {
    expect(l7Decider('waypoint', [{ rules: [{}] }]).request(connection(), request(sent))).toMatchObject({
      effect: 'deny',
      reason: 'bad-request',
      status,
    });
  });

  it('leaves a lower-case method in HTTP/2 to policy', () => {
    expect(l7Decider('waypoint', []).request(connection(), request({ method: 'get', httpVersion: 2 })).effect).toBe('allow');
  });
});
