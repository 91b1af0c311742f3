import { describe, expect, it } from 'vitest';
import { upstream } from '../../src/index.js';
import { connect, connection, type RuleSpec } from './mesh.js';

const methods: RuleSpec = { to: [{ operation: { methods: ['GET'] } }] };
const mixed: RuleSpec = { from: [{ source: { principals: ['*/sa/web'] } }], to: [{ operation: { methods: ['GET'] } }] };
const ports: RuleSpec = { to: [{ operation: { ports: ['3306'] } }] };
const db = connection({ destinationPort: 3306 });
const effect = (action: string, rules: readonly RuleSpec[], to = db, dialect = upstream, more: object = {}) =>
  connect('waypoint', [{ action, rules, ...more }], to, { dialect, meshConfig: providers }).effect;
const providers = {
  extensionProviders: [
    { name: 'http-authz', envoyExtAuthzHttp: { service: 'authz.shop.svc.cluster.local', port: 8000 } },
    { name: 'grpc-authz', envoyExtAuthzGrpc: { service: 'authz.shop.svc.cluster.local', port: 9000 } },
  ],
};

describe('a TCP port behind a waypoint', () => {
  it('an HTTP attribute takes an ALLOW rule out, and so closes the port', () => {
    expect(effect('ALLOW', [methods])).toBe('deny');
    expect(effect('ALLOW', [mixed])).toBe('deny');
    expect(effect('ALLOW', [mixed, ports])).toBe('allow');
  });

  it('an HTTP attribute is left out of a DENY rule, which so denies more', () => {
    expect(effect('DENY', [methods])).toBe('deny');
    expect(effect('DENY', [mixed])).toBe('deny');
    expect(effect('DENY', [mixed], connection({ identity: 'spiffe://cluster.local/ns/shop/sa/other' }))).toBe('allow');
  });

  it('attributes of the connection are judged as they are', () => {
    expect(effect('ALLOW', [ports])).toBe('allow');
    expect(effect('DENY', [{ to: [{ operation: { ports: ['80'] } }] }])).toBe('allow');
  });

  it('an HTTP authorizer is passed over in upstream and denies in strict', () => {
    const custom = (name: string) => ({ provider: { name } });
    expect(effect('CUSTOM', [ports], db, upstream, custom('http-authz'))).toBe('allow');
    expect(effect('CUSTOM', [ports], db, { name: 'strict', flags: {} }, custom('http-authz'))).toBe('deny');
    expect(effect('CUSTOM', [ports], db, upstream, custom('grpc-authz'))).toBe('deny');
    expect(effect('CUSTOM', [ports], db, upstream, custom('nobody'))).toBe('deny');
  });

  it('several authorizers deny what they match', () => {
    const verdict = connect(
      'waypoint',
      ['http-authz', 'grpc-authz'].map((name) => ({ action: 'CUSTOM', provider: { name }, rules: [ports] })),
      db,
      { dialect: upstream, meshConfig: providers },
    );
    expect(verdict).toMatchObject({ effect: 'deny', reason: 'custom-policy', policy: { name: 'p-0' } });
  });
});

describe('a near miss of a header key, past validation', () => {
  const rule: RuleSpec = { when: [{ key: 'request.headersX[a]', values: ['b'] }] };

  it('denies everything in a DENY and allows nothing in an ALLOW of upstream', () => {
    expect(effect('DENY', [rule])).toBe('deny');
    expect(effect('ALLOW', [rule])).toBe('deny');
  });
});
