import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { strict, upstream } from '../../src/index.js';
import { type BindingSpec, connection, judge, type RolesSpec, request } from './roles.js';

const values: Readonly<Record<string, readonly string[]>> = {
  hosts: ['*', 'api.shop', 'admin*'],
  methods: ['GET', 'P*', '*'],
  paths: ['/', '/a*', '*b'],
  ports: ['8080', '3306'],
};
const constraints: Readonly<Record<string, readonly string[]>> = {
  'destination.ip': ['10.0.0.0/8', '10.9.9.9', 'bad'],
  'destination.port': ['8080', '80', 'http'],
  'destination.labels[version]': ['v1', 'v*', 'x'],
  'destination.labels.version': ['x'],
  'destination.user': ['api', 'web'],
  'connection.sni': ['*', 'a.example'],
  'request.headers[x-a]': ['*', '1', 'a*'],
  'source.namespace': ['shop', 'other'],
  ':path': ['/', '/a'],
};
const lists: Readonly<Record<string, readonly string[]>> = {
  names: ['cluster.local/ns/shop/sa/web', '*/sa/web', 'allAuthenticatedUsers', 'allUsers', 'x*'],
  namespaces: ['shop', 's*', '*', 'shop|zz'],
  ips: ['10.0.0.9', '::/0', 'bad'],
  groups: ['dev', '*'],
};
const properties: Readonly<Record<string, readonly string[]>> = {
  'source.ip': ['10.0.0.9', '10.9.0.0/16', 'bad'],
  'source.principal': ['*', 'cluster.local/ns/shop/sa/web', 'x'],
  'request.headers[x-a]': ['*', '1'],
  'request.headers.x-a': ['*'],
  'request.auth.claims[groups]': ['dev'],
  service: ['v1'],
};

const not = (field: string) => `not${field.charAt(0).toUpperCase()}${field.slice(1)}`;
const some = <Value>(of: readonly Value[]) => fc.subarray([...of], { minLength: 1, maxLength: Math.min(2, of.length) });
const field = (of: Readonly<Record<string, readonly string[]>>) =>
  fc
    .tuple(fc.constantFrom(...Object.keys(of)), fc.boolean())
    .chain(([name, negated]) => some(of[name] ?? []).map((chosen) => ({ [negated ? not(name) : name]: chosen })));
const constraint = fc
  .constantFrom(...Object.keys(constraints))
  .chain((key) => some(constraints[key] ?? []).map((chosen) => ({ key, values: chosen })));
const rule = fc
  .tuple(fc.option(field(values)), fc.uniqueArray(constraint, { maxLength: 2, selector: ({ key }) => key }))
  .map(([terms, chosen]): object => ({ ...terms, ...(chosen.length === 0 ? {} : { constraints: chosen }) }))
  // Either way to write the port is refused beside the other.
  .filter((made) => !(('ports' in made || 'notPorts' in made) && JSON.stringify(made).includes('destination.port')));
const property = fc
  .constantFrom(...Object.keys(properties))
  .chain((key) => fc.constantFrom(...(properties[key] ?? [])).map((value) => ({ properties: { [key]: value } })));
const subject = fc.oneof(
  field(lists),
  property,
  fc.tuple(field(lists), property).map(([one, other]): object => ({ ...one, ...other })),
  fc.constantFrom('*', 'cluster.local/ns/shop/*').map((user): object => ({ user })),
);
const binding: fc.Arbitrary<BindingSpec> = fc
  .tuple(fc.array(subject, { minLength: 1, maxLength: 2 }), fc.constantFrom('ENFORCED', 'ENFORCED', 'PERMISSIVE'))
  .map(([subjects, mode]) => ({ subjects, mode }));
const spec: fc.Arbitrary<RolesSpec> = fc.record({
  roles: fc.array(rule, { minLength: 1, maxLength: 2 }).map((rules) => ({ r: rules })),
  bindings: fc.array(binding, { minLength: 1, maxLength: 2 }),
});
const peer = fc.constantFrom(
  connection(),
  connection({ destinationPort: 3306, sni: 'a.example' }),
  { sourceIp: '10.0.0.30', destinationIp: '10.0.0.2', destinationPort: 8080 },
  connection({ identity: 'spiffe://other/ns/x/sa/y', sourceIp: '2001:db8::1' }),
);
const sent = fc.constantFrom(
  undefined,
  request(),
  request({ path: '/a/b', method: 'POST' }),
  request({ headers: [['x-a', '1']], authority: 'admin.shop' }),
  request({ authentication: { audiences: [], claims: { groups: ['dev'] } } as never }),
);
const runs = { numRuns: 150 };

describe('the laws of roles', () => {
  it('strict grants nothing that upstream does not, where upstream can be configured at all', () => {
    let allowed = 0;
    fc.assert(
      fc.property(spec, peer, sent, (roles, from, asked) => {
        if (judge(roles, from, asked, strict).effect === 'deny') return;
        allowed += 1;
        const theirs = judge(roles, from, asked, upstream);
        expect([theirs.effect, theirs.reason]).toEqual(
          theirs.reason === 'unsupported-policy' ? ['deny', 'unsupported-policy'] : ['allow', 'role-match'],
        );
      }),
      { numRuns: 400 },
    );
    expect(allowed).toBeGreaterThan(20);
  });

  it('another role and another binding take nothing away', () => {
    fc.assert(
      fc.property(spec, spec, peer, sent, (roles, more, from, asked) => {
        if (judge(roles, from, asked, strict).effect === 'deny') return;
        const both = {
          roles: { ...roles.roles, s: more.roles?.r ?? [] },
          bindings: [...(roles.bindings ?? []), ...(more.bindings ?? []).map((each) => ({ ...each, role: 's' }))],
        };
        expect(judge(both, from, asked, strict).effect).toBe('allow');
      }),
      runs,
    );
  });

  it('the rules of a role are alternatives', () => {
    fc.assert(
      fc.property(fc.array(rule, { minLength: 1, maxLength: 3 }), peer, sent, (rules, from, asked) => {
        const bindings = [{ subjects: [{ user: '*' }] }];
        const ask = (some: readonly object[]) => judge({ roles: { r: some }, bindings }, from, asked, upstream);
        const apart = rules.map((each) => ask([each]));
        // What cannot be configured closes the whole gate.
        if (apart.some(({ reason }) => reason === 'unsupported-policy')) return;
        expect(ask(rules).effect).toBe(apart.some(({ effect }) => effect === 'allow') ? 'allow' : 'deny');
      }),
      runs,
    );
  });

  it('a binding that is tried out changes no effect, and RBAC that is tried out denies nothing', () => {
    fc.assert(
      fc.property(spec, peer, sent, (roles, from, asked) => {
        const enforced = (roles.bindings ?? []).filter(({ mode }) => mode === 'ENFORCED');
        expect(judge(roles, from, asked, strict).effect).toBe(
          judge({ ...roles, bindings: enforced }, from, asked, strict).effect,
        );
        const tried = { ...roles, rbac: { mode: 'ON', enforcementMode: 'PERMISSIVE' } };
        expect(judge(tried, from, asked, strict)).toMatchObject({ effect: 'allow', reason: 'no-policy' });
      }),
      runs,
    );
  });

  it('what would be tried out is what would be enforced', () => {
    fc.assert(
      fc.property(spec, peer, sent, (roles, from, asked) => {
        const bindings = (roles.bindings ?? []).map(({ subjects }) => ({ subjects }));
        const tried = judge({ ...roles, bindings, rbac: { mode: 'ON', enforcementMode: 'PERMISSIVE' } }, from, asked, strict);
        expect(tried.dryRun?.effect).toBe(judge({ ...roles, bindings }, from, asked, strict).effect);
      }),
      runs,
    );
  });

  it('a grant names role, rule, binding and subject, each with its place', () => {
    fc.assert(
      fc.property(spec, peer, sent, (roles, from, asked) => {
        const verdict = judge(roles, from, asked, strict);
        if (verdict.effect === 'deny') expect(verdict.policy).toMatchObject({ kind: 'ClusterRbacConfig', name: 'default' });
        else {
          expect(verdict).toMatchObject({ reason: 'role-match', policy: { kind: 'ServiceRole', name: 'r' } });
          expect(verdict.binding).toMatchObject({ kind: 'ServiceRoleBinding', namespace: 'shop' });
          expect(typeof verdict.policy?.rule).toBe('number');
          expect(typeof verdict.binding?.rule).toBe('number');
          expect(verdict.binding?.span.file).toBe('roles.yaml');
        }
      }),
      runs,
    );
  });
});
