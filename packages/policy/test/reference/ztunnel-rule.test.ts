import { describe, expect, it } from 'vitest';
import { type Dialect, strict, upstream } from '../../src/index.js';
import { connect, connection, plaintext, type RuleSpec, type Spec } from './mesh.js';

const pod = { destinationIp: '10.0.0.2', destinationPort: 8080 };
const web = connection(pod);
const nobody = plaintext(pod);
const from = (source: object): RuleSpec => ({ from: [{ source }] });
const when = (key: string, ...values: string[]): RuleSpec => ({ when: [{ key, values }] });
const effect = (action: string, rule: RuleSpec, dialect: Dialect = upstream, to = web) =>
  connect('ztunnel', [{ action, rules: [rule] }], to, { dialect }).effect;

describe('L4 attributes at a ztunnel', () => {
  it.each([
    ['principals', from({ principals: ['cluster.local/ns/shop/sa/web'] }), web, 'allow'],
    ['principals with a scheme', from({ principals: ['spiffe://cluster.local/ns/shop/sa/web'] }), web, 'deny'],
    ['principals of no one', from({ principals: ['*'] }), nobody, 'deny'],
    ['notPrincipals of no one', from({ notPrincipals: ['*'] }), nobody, 'allow'],
    ['namespaces', from({ namespaces: ['sh*'] }), web, 'allow'],
    ['namespaces with an inner star', from({ namespaces: ['s*p'] }), web, 'deny'],
    ['notNamespaces of no one', from({ notNamespaces: ['shop'] }), nobody, 'allow'],
    ['serviceAccounts', from({ serviceAccounts: ['shop/web'] }), web, 'allow'],
    ['bare serviceAccounts', from({ serviceAccounts: ['web'] }), web, 'allow'],
    ['notServiceAccounts of no one', from({ notServiceAccounts: ['web'] }), nobody, 'allow'],
    ['ipBlocks', from({ ipBlocks: ['10.0.0.0/24'] }), web, 'allow'],
    ['ipBlocks of the other family', from({ ipBlocks: ['::/0'] }), web, 'deny'],
    ['ports', { to: [{ operation: { ports: ['8080'] } }] }, web, 'allow'],
    ['source.ip', when('source.ip', '10.0.0.9'), web, 'allow'],
    ['source.namespace', when('source.namespace', 'shop'), web, 'allow'],
    ['source.principal', when('source.principal', '*/sa/web'), web, 'allow'],
    ['destination.ip', when('destination.ip', '10.0.0.2'), web, 'allow'],
    ['destination.port', when('destination.port', '80'), web, 'deny'],
    ['no clause at all', {}, nobody, 'allow'],
  ] as const)('%s', (_, rule, to, expected) => {
    for (const dialect of [strict, upstream])
      expect([dialect.name, effect('ALLOW', rule, dialect, to)]).toEqual([dialect.name, expected]);
  });
});

describe('L7 attributes at a ztunnel of upstream', () => {
  const methods = { operation: { methods: ['GET'] } };

  it('remove an ALLOW rule', () => {
    expect(effect('ALLOW', { to: [methods] })).toBe('deny');
    expect(effect('ALLOW', { to: [methods, { operation: { ports: ['8080'] } }] })).toBe('deny');
    expect(effect('ALLOW', when('source.serviceAccount', 'shop/web'))).toBe('deny');
  });

  it('make a DENY clause that has nothing else a clause that never holds', () => {
    expect(effect('DENY', { to: [methods] })).toBe('allow');
    expect(effect('DENY', { to: [methods], from: [{ source: { principals: ['*'] } }] })).toBe('allow');
    expect(effect('DENY', { from: [{ source: { principals: ['*'] } }], ...when('remote.ip', '10.0.0.0/8') })).toBe('allow');
  });

  it('leave the L4 half of a DENY entry in force', () => {
    expect(effect('DENY', { to: [{ operation: { methods: ['GET'], ports: ['8080'] } }] })).toBe('deny');
    expect(effect('DENY', { to: [methods, { operation: { ports: ['8080'] } }] })).toBe('deny');
  });

  it('trust domains are dropped without a word', () => {
    expect(effect('DENY', from({ trustDomains: ['cluster.local'] }))).toBe('allow');
    expect(effect('ALLOW', from({ trustDomains: ['elsewhere'], namespaces: ['shop'] }))).toBe('allow');
  });

  it('aliases of the trust domain are not expanded', () => {
    const spec: Spec = { rules: [from({ principals: ['old/ns/shop/sa/web'] })] };
    const options = (dialect: Dialect) => ({ dialect, meshConfig: { trustDomainAliases: ['old'] } });
    expect(connect('ztunnel', [spec], web, options(upstream)).effect).toBe('deny');
    expect(connect('ztunnel', [spec], web, options(strict)).effect).toBe('allow');
  });
});

describe('a ztunnel in strict', () => {
  it.each(['ALLOW', 'DENY'])('is closed by an enforced %s that needs L7', (action) => {
    const verdict = connect('ztunnel', [{ action, rules: [{ to: [{ operation: { methods: ['GET'] } }] }] }], web);
    expect(verdict).toMatchObject({ effect: 'deny', reason: 'l7-at-ztunnel', policy: { name: 'p-0', rule: 0 } });
  });

  it('evaluates trust domains, and the conditions on service account and trust domain', () => {
    expect(effect('DENY', from({ trustDomains: ['cluster.local'] }), strict)).toBe('deny');
    expect(effect('ALLOW', from({ trustDomains: ['elsewhere'], namespaces: ['shop'] }), strict)).toBe('deny');
    expect(effect('ALLOW', when('source.serviceAccount', 'shop/web'), strict)).toBe('allow');
    expect(effect('ALLOW', when('source.trustDomain', 'elsewhere'), strict)).toBe('deny');
  });

  it('judges AUDIT and dry runs by their L4 part, and never denies for them', () => {
    const l7 = { to: [{ operation: { methods: ['GET'] } }], from: [{ source: { namespaces: ['shop'] } }] };
    expect(connect('ztunnel', [{ action: 'AUDIT', rules: [l7] }], web)).toMatchObject({
      effect: 'allow',
      audit: [{ name: 'p-0' }],
    });
    expect(connect('ztunnel', [{ action: 'AUDIT', rules: [l7] }], nobody)).toMatchObject({ effect: 'allow', audit: [] });
    expect(connect('ztunnel', [{ action: 'DENY', dryRun: true, rules: [l7] }], web)).toMatchObject({
      effect: 'allow',
      dryRun: { effect: 'deny', policy: { name: 'p-0' } },
    });
    expect(connect('ztunnel', [{ dryRun: true, rules: [l7] }], web)).toMatchObject({
      effect: 'allow',
      dryRun: { effect: 'allow' },
    });
  });

  it('denies what the L4 part of a CUSTOM policy matches', () => {
    const custom = {
      action: 'CUSTOM',
      provider: { name: 'authz' },
      rules: [{ to: [{ operation: { paths: ['/a'], ports: ['8080'] } }] }],
    };
    expect(connect('ztunnel', [custom], web)).toMatchObject({ effect: 'deny', reason: 'custom-policy' });
    expect(connect('ztunnel', [custom], { ...web, destinationPort: 80 }).effect).toBe('allow');
  });
});
