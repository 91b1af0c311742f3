import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ConnectionAttributes, type Dialect, type RequestAttributes, strict, upstream } from '../../src/index.js';
import { connect, connection, l7Decider, plaintext, type RuleSpec, request, ruleMatches, type Spec } from './mesh.js';

const values: Readonly<Record<string, readonly string[]>> = {
  principals: ['*', 'cluster.local/ns/shop/sa/web', '*/sa/web', 'cluster*', 'other/*'],
  namespaces: ['shop', '*', 's*', '*x'],
  trustDomains: ['cluster.local', '*', '*local', 'x*'],
  ipBlocks: ['10.0.0.0/8', '10.0.0.9', '::/0', '1.1.1.1'],
  remoteIpBlocks: ['10.0.0.0/8', '10.0.0.9', '::/0'],
  requestPrincipals: ['*', 'me/you'],
  hosts: ['*', 'api.shop', '*.SHOP', 'x*'],
  methods: ['GET', '*', 'P*', '*T'],
  paths: ['/', '/a*', '*b', '/{*}/b', '/{**}'],
  ports: ['80', '8080', '3306'],
};
const operationFields = ['hosts', 'methods', 'paths', 'ports'];
const fields = Object.keys(values);
const not = (field: string) => `not${field.charAt(0).toUpperCase()}${field.slice(1)}`;
const ruleOf = (field: string, terms: object): RuleSpec =>
  operationFields.includes(field) ? { to: [{ operation: terms }] } : { from: [{ source: terms }] };

const fieldWithValues = fc
  .constantFrom(...fields)
  .chain((field) => fc.tuple(fc.constant(field), fc.subarray([...(values[field] ?? [])], { minLength: 1, maxLength: 2 })));
const rule = fc
  .tuple(fieldWithValues, fc.boolean())
  .map(([[field, chosen], negated]) => ruleOf(field, { [negated ? not(field) : field]: chosen }));
const spec = (action: string): fc.Arbitrary<Spec> =>
  fc.array(rule, { minLength: 1, maxLength: 2 }).map((rules) => ({ action, rules }));
const anySpec = fc.constantFrom('ALLOW', 'DENY').chain(spec);
const peer: fc.Arbitrary<ConnectionAttributes> = fc.constantFrom(
  connection(),
  plaintext(),
  connection({ identity: 'spiffe://other/ns/x/sa/y', sourceIp: '2001:db8::1' }),
);
const sent: fc.Arbitrary<RequestAttributes> = fc
  .record({
    method: fc.constantFrom('GET', 'POST'),
    path: fc.constantFrom('/', '/a', '/a/b', '/x/../a'),
    authority: fc.constantFrom('api.shop', 'x'),
  })
  .map(request);
const dialect = fc.constantFrom<Dialect>(strict, upstream);
const runs = { numRuns: 60 };

describe('the laws of rules', () => {
  it('a negated field holds exactly where the field does not', () => {
    fc.assert(
      fc.property(fieldWithValues, peer, sent, dialect, ([field, chosen], from, to, which) => {
        const ask = (terms: object) => ruleMatches(ruleOf(field, terms), to, from, { dialect: which });
        expect(ask({ [not(field)]: chosen })).toBe(!ask({ [field]: chosen }));
      }),
      runs,
    );
  });

  it('the values of a field are alternatives, and its fields are joined', () => {
    fc.assert(
      fc.property(fieldWithValues, fieldWithValues, peer, sent, dialect, ([field, chosen], [other, others], from, to, which) => {
        const ask = (one: RuleSpec) => ruleMatches(one, to, from, { dialect: which });
        const single = chosen.map((value) => ask(ruleOf(field, { [field]: [value] })));
        expect(ask(ruleOf(field, { [field]: chosen }))).toBe(single.includes(true));
        const both = { ...ruleOf(field, { [field]: chosen }), ...ruleOf(other, { [other]: others }) };
        if (operationFields.includes(field) === operationFields.includes(other)) return;
        expect(ask(both)).toBe(ask(ruleOf(field, { [field]: chosen })) && ask(ruleOf(other, { [other]: others })));
      }),
      runs,
    );
  });
});

describe('the laws of policies at real gates', () => {
  const atWaypoint = (specs: readonly Spec[], from: ConnectionAttributes, to: RequestAttributes, which: Dialect) =>
    l7Decider('waypoint', specs, { dialect: which }).request(from, to).effect;
  const others = fc.array(anySpec, { maxLength: 2 });

  it('adding a DENY never admits more, at L7 and at L4', () => {
    fc.assert(
      fc.property(others, spec('DENY'), peer, sent, dialect, (specs, deny, from, to, which) => {
        if (atWaypoint(specs, from, to, which) === 'deny') expect(atWaypoint([...specs, deny], from, to, which)).toBe('deny');
        const atZtunnel = (all: readonly Spec[]) => connect('ztunnel', all, from, { dialect: which }).effect;
        if (atZtunnel(specs) === 'deny') expect(atZtunnel([...specs, deny])).toBe('deny');
      }),
      runs,
    );
  });

  it('AUDIT and dry-run policies change no verdict, at L7 and at L4', () => {
    const silent = fc.oneof(
      spec('AUDIT'),
      anySpec.map((each): Spec => ({ ...each, dryRun: true })),
    );
    fc.assert(
      fc.property(others, silent, peer, sent, dialect, (specs, each, from, to, which) => {
        expect(atWaypoint([...specs, each], from, to, which)).toBe(atWaypoint(specs, from, to, which));
        const atZtunnel = (all: readonly Spec[]) => connect('ztunnel', all, from, { dialect: which }).effect;
        expect(atZtunnel([...specs, each])).toBe(atZtunnel(specs));
      }),
      runs,
    );
  });

  it('the dialects agree at a ztunnel about policies that every ztunnel evaluates', () => {
    const l4 = fc
      .constantFrom('principals', 'namespaces', 'ipBlocks', 'ports')
      .chain((field) => fc.tuple(fc.constant(field), fc.subarray([...(values[field] ?? [])], { minLength: 1 }), fc.boolean()))
      .map(([field, chosen, negated]) => ruleOf(field, { [negated ? not(field) : field]: chosen }));
    const policies = fc.array(
      fc.tuple(fc.constantFrom('ALLOW', 'DENY'), l4).map(([action, one]): Spec => ({ action, rules: [one] })),
    );
    fc.assert(
      fc.property(policies, peer, (specs, from) => {
        const effect = (which: Dialect) => connect('ztunnel', specs, from, { dialect: which }).effect;
        expect(effect(strict)).toBe(effect(upstream));
      }),
      runs,
    );
  });
});
