import { describe, expect, it } from 'vitest';
import { upstream } from '../../src/index.js';
import { connection, l7Decider, plaintext, type RuleSpec, ruleMatches } from './mesh.js';

const to = (operation: object): RuleSpec => ({ to: [{ operation }] });
const from = (source: object): RuleSpec => ({ from: [{ source }] });
const when = (key: string, values: readonly string[]): RuleSpec => ({ when: [{ key, values }] });
const unless = (key: string, notValues: readonly string[]): RuleSpec => ({ when: [{ key, notValues }] });

describe('operations', () => {
  it.each([
    ['methods', to({ methods: ['GET'] }), { method: 'GET' }, true],
    ['methods in another case', to({ methods: ['GET'] }), { method: 'get', httpVersion: 2 }, false],
    ['methods by prefix', to({ methods: ['P*'] }), { method: 'PATCH' }, true],
    ['notMethods', to({ notMethods: ['GET'] }), { method: 'PUT' }, true],
    ['hosts in another case', to({ hosts: ['API.shop'] }), { authority: 'api.SHOP' }, true],
    ['hosts with a port that was not asked for', to({ hosts: ['api.shop'] }), { authority: 'api.shop:80' }, false],
    ['hosts by prefix with the port', to({ hosts: ['api.shop*'] }), { authority: 'api.shop:80' }, true],
    ['notHosts', to({ notHosts: ['*.shop'] }), { authority: 'api.shop' }, false],
    ['paths with a query', to({ paths: ['/a'] }), { path: '/a?b=/c' }, true],
    ['paths with a fragment', to({ paths: ['/a'] }), { path: '/a#b' }, true],
    ['paths after normalisation', to({ paths: ['/admin'] }), { path: '/a/%2e%2e/admin' }, true],
    ['paths by template', to({ paths: ['/v1/{*}/items'] }), { path: '/v1/7/items' }, true],
    ['notPaths beside paths', to({ paths: ['/d*'], notPaths: ['/d/ok'] }), { path: '/d/ok' }, false],
    ['ports', to({ ports: ['80'] }), {}, true],
    ['notPorts', to({ notPorts: ['80'] }), {}, false],
    ['one of several entries', { to: [{ operation: { methods: ['PUT'] } }, { operation: { paths: ['/'] } }] }, {}, true],
    ['every field of an entry', to({ methods: ['GET'], paths: ['/other'] }), {}, false],
  ] as const)('%s', (_, rule, sent, matches) => {
    expect(ruleMatches(rule, sent)).toBe(matches);
  });
});

describe('sources', () => {
  it.each([
    ['principals', from({ principals: ['cluster.local/ns/shop/sa/web'] }), connection(), true],
    ['principals of no one', from({ principals: ['*'] }), plaintext(), false],
    ['notPrincipals of no one', from({ notPrincipals: ['*'] }), plaintext(), true],
    ['namespaces', from({ namespaces: ['s*p'] }), connection(), true],
    ['serviceAccounts of the own namespace', from({ serviceAccounts: ['web'] }), connection(), true],
    ['trustDomains', from({ trustDomains: ['cluster.local'] }), connection(), true],
    ['ipBlocks', from({ ipBlocks: ['10.0.0.0/24'] }), connection(), true],
    ['ipBlocks and a mapped peer', from({ ipBlocks: ['10.0.0.9'] }), connection({ sourceIp: '::ffff:10.0.0.9' }), true],
    ['notIpBlocks', from({ notIpBlocks: ['::/0'] }), connection(), true],
    ['remoteIpBlocks', from({ remoteIpBlocks: ['10.0.0.9'] }), connection(), true],
    ['requestPrincipals without a token', from({ requestPrincipals: ['*'] }), connection(), false],
    ['notRequestPrincipals without a token', from({ notRequestPrincipals: ['*'] }), connection(), true],
  ] as const)('%s', (_, rule, peer, matches) => {
    expect(ruleMatches(rule, {}, peer)).toBe(matches);
  });
});

describe('conditions', () => {
  const header = (value: string) => ({ headers: [['X-H', value]] as const });
  it.each([
    ['request.headers', when('request.headers[x-h]', ['a*']), header('ab'), true],
    ['request.headers that is absent', when('request.headers[x-h]', ['*']), {}, false],
    ['request.headers that is empty', when('request.headers[x-h]', ['*']), header(''), true],
    ['request.headers and its negation where it is absent', unless('request.headers[x-h]', ['*']), {}, true],
    ['source.ip', when('source.ip', ['10.0.0.9']), {}, true],
    ['remote.ip', when('remote.ip', ['10.0.0.0/8']), {}, true],
    ['source.namespace', unless('source.namespace', ['other']), {}, true],
    ['source.principal', when('source.principal', ['*/sa/web']), {}, true],
    ['source.serviceAccount', when('source.serviceAccount', ['shop/web']), {}, true],
    ['source.trustDomain', when('source.trustDomain', ['*local']), {}, true],
    ['destination.ip', when('destination.ip', ['10.96.0.0/16']), {}, true],
    ['destination.port', when('destination.port', ['81']), {}, false],
    ['connection.sni that is absent', when('connection.sni', ['*']), {}, false],
    ['request.auth.claims without a token', when('request.auth.claims[iss]', ['*']), {}, false],
    ['request.auth.claims and its negation', unless('request.auth.claims[iss]', ['*']), {}, true],
    ['experimental.envoy.filters', when('experimental.envoy.filters.a.b[c]', ['x']), {}, false],
    ['experimental.envoy.filters and its negation', unless('experimental.envoy.filters.a.b[c]', ['x']), {}, true],
    [
      'every condition',
      {
        when: [
          { key: 'source.ip', values: ['10.0.0.9'] },
          { key: 'destination.port', values: ['81'] },
        ],
      },
      {},
      false,
    ],
  ] as const)('%s', (_, rule, sent, matches) => {
    expect(ruleMatches(rule, sent)).toBe(matches);
  });

  it('connection.sni is the server name of the TLS inside', () => {
    expect(ruleMatches(when('connection.sni', ['*.example']), {}, connection({ sni: 'a.example' }))).toBe(true);
  });
});

describe('the mesh around a rule', () => {
  it('a principal of an aliased trust domain is that of the mesh', () => {
    const options = { meshConfig: { trustDomain: 'new', trustDomainAliases: ['old'] } };
    const rule = from({ principals: ['old/ns/shop/sa/web'] });
    expect(ruleMatches(rule, {}, connection({ identity: 'spiffe://new/ns/shop/sa/web' }), options)).toBe(true);
    expect(ruleMatches(rule, {}, connection({ identity: 'spiffe://other/ns/shop/sa/web' }), options)).toBe(false);
  });

  it('a waypoint of upstream sees no source address, so that every negation of one holds', () => {
    const options = { dialect: upstream };
    expect(ruleMatches(from({ ipBlocks: ['0.0.0.0/0'] }), {}, connection(), options)).toBe(false);
    expect(ruleMatches(from({ notIpBlocks: ['0.0.0.0/0'] }), {}, connection(), options)).toBe(true);
    expect(ruleMatches(from({ remoteIpBlocks: ['10.0.0.9'] }), {}, connection(), options)).toBe(true);
  });

  it('X-Forwarded-For of anyone but a gateway is not believed in strict', () => {
    const sent = { headers: [['x-forwarded-for', '1.2.3.4']] as const };
    const rule = from({ remoteIpBlocks: ['1.2.3.4'] });
    expect(ruleMatches(rule, sent)).toBe(false);
    expect(ruleMatches(rule, sent, connection({ identity: 'spiffe://cluster.local/ns/shop/sa/edge-istio' }))).toBe(true);
    expect(ruleMatches(rule, sent, connection(), { dialect: upstream })).toBe(true);
  });

  it('a policy is written in Unicode, and compared with the bytes of the wire', () => {
    const sent = { headers: [['x-h', Buffer.from('caf\u00e9').toString('latin1')]] as const };
    expect(ruleMatches(when('request.headers[x-h]', ['caf\u00e9']), sent)).toBe(true);
  });

  it('rules are alternatives, and the one that decided is named with its place', () => {
    const decider = l7Decider('waypoint', [{ rules: [to({ paths: ['/x'] }), to({ paths: ['/y'] })] }]);
    const verdict = decider.request(connection(), { method: 'GET', path: '/y', authority: 'a', headers: [], httpVersion: 1 });
    expect(verdict).toMatchObject({ effect: 'allow', reason: 'allow-policy', policy: { name: 'p-0', rule: 1 } });
    expect(verdict.policy?.span.file).toBe('mesh.yaml');
  });
});
