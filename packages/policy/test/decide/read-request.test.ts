import { describe, expect, it } from 'vitest';
import { forwardedPath, isPermit, ReadRequest, type RequestAttributes } from '../../src/index.js';
import { connection, l7Decider, request } from '../reference/mesh.js';

const tokens = {
  apiVersion: 'security.istio.io/v1',
  kind: 'RequestAuthentication',
  metadata: { name: 'tokens', namespace: 'shop' },
  spec: { targetRefs: [{ kind: 'Service', group: '', name: 'api' }], jwtRules: [{ issuer: 'x', jwks: '{"keys":[]}' }] },
};
const denySecret = { action: 'DENY', rules: [{ to: [{ operation: { paths: ['/secret'] } }] }] } as const;
const knowledge = { now: 0, signatures: () => undefined };

describe('a request that was read', () => {
  it('is not read again for what its tokens came to', () => {
    const decider = l7Decider('waypoint', [denySecret], { manifests: [tokens] });
    const read = new ReadRequest(request({ headers: [['authorization', 'Basic x']] }));
    const authenticated = decider.authenticate(read, knowledge).request;
    expect(authenticated).toBeInstanceOf(ReadRequest);
    expect(authenticated).toEqual({ ...read, authentication: authenticated.authentication });
    expect(authenticated.authentication?.claims).toEqual({});
    expect(Object.isFrozen(authenticated)).toBe(true);
    expect(decider.authenticate(request(), knowledge).request).not.toBeInstanceOf(ReadRequest);
  });

  it('is judged anew in whatever was made of it but by itself', () => {
    const decider = l7Decider('waypoint', [denySecret]);
    const read = new ReadRequest(request({ path: '/plain' }));
    const path = '/plain/../secret';
    const others: readonly RequestAttributes[] = [
      { ...read, path },
      new ReadRequest({ ...read, path }),
      Object.create(read, { path: { value: path } }),
      new ReadRequest(Object.create(read, { path: { value: path } })),
      new Proxy({ ...read, path }, { getPrototypeOf: () => ReadRequest.prototype }),
      Object.setPrototypeOf({ ...read, path }, ReadRequest.prototype),
      ReadRequest.authenticated({ ...read, path }, { audiences: [], claims: {}, edits: { removed: [], added: [] } }),
    ];
    for (const other of others) expect(decider.request(connection(), other)).toMatchObject({ reason: 'deny-policy' });
    expect(decider.request(connection(), read).effect).toBe('allow');
  });

  it('goes on with the path that its token left it, and not with the one that was sent', () => {
    const decider = l7Decider('waypoint', [denySecret]);
    const edits = { removed: [], added: [], path: '/a?b=c' };
    const sent = new ReadRequest(request({ path: '/a?b=c&access_token=x' }), { audiences: [], claims: {}, edits });
    const verdict = decider.request(connection(), sent);
    if (!isPermit(verdict)) throw new Error('nothing denies it');
    expect(forwardedPath(verdict, sent)).toBe('/a?b=c');
    const secret = new ReadRequest(request({ path: '/a' }), { audiences: [], claims: {}, edits: { ...edits, path: '/secret' } });
    expect(decider.request(connection(), secret).reason).toBe('deny-policy');
  });
});
