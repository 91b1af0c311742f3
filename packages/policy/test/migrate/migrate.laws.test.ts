import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { migrate, strict } from '../../src/index.js';
import { type TestService, testMesh } from './mesh.js';

const services: readonly TestService[] = [
  {
    name: 'web',
    namespace: 'shop',
    ports: [{ port: 80, protocol: 'http' }],
    pods: [
      { name: 'web-1', labels: { version: 'v1' }, serviceAccount: 'web', ip: '10.0.0.1' },
      { name: 'web-2', labels: { version: 'v2' }, serviceAccount: 'web', ip: '10.0.0.2' },
    ],
  },
  {
    name: 'db',
    namespace: 'shop',
    ports: [
      { port: 3306, protocol: 'tcp' },
      { port: 8080, protocol: 'http' },
    ],
    pods: [{ name: 'db-1', labels: { version: 'v1' }, serviceAccount: 'db', ip: '10.0.0.3' }],
  },
];

const some = <Value>(...values: readonly Value[]) => fc.uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength: 2 });
const principals = some(
  'cluster.local/ns/shop/sa/web',
  '*/sa/web',
  'cluster.local/*',
  'allAuthenticatedUsers',
  'other.example/ns/a/sa/b',
);
const paths = some('/a', '/a*', '*/b', '/a?x=1', '/a?x*', '*', '/{*}', '/A*');
const hosts = some('web', 'WEB.shop', '*.example', '*', '10.0.0.1*');
const ips = some('10.1.0.0/16', '10.1.2.3', '::1', 'fd00::/8');

const constraint = fc.oneof(
  fc.record({ key: fc.constant('destination.port'), values: some('80', '3306', '9999') }),
  fc.record({ key: fc.constant('destination.labels[version]'), values: some('v1', 'v*', 'v2') }),
  fc.record({ key: fc.constant('destination.user'), values: some('web', 'd*') }),
  fc.record({ key: fc.constant('request.headers[X-Team]'), values: some('a', 'a*', '*a', '*') }),
  fc.record({ key: fc.constant('connection.sni'), values: some('a.example', '*.example', '*', 'A.example') }),
  fc.record({ key: fc.constant('experimental.envoy.filters.a.b[k]'), values: some('v', '[v]', '[v*]') }),
  fc.record({ key: fc.constant('destination.ip'), values: some('10.0.0.1') }),
);
const accessRule = fc.record(
  {
    services: some('*', 'web.shop.svc.cluster.local', 'db*'),
    hosts,
    notHosts: hosts,
    methods: some('GET', 'PU*', '*'),
    paths,
    notPaths: paths,
    ports: some(80, 3306),
    constraints: fc.uniqueArray(constraint, { maxLength: 2, selector: ({ key }) => key }),
  },
  { requiredKeys: [] },
);
const properties = fc.oneof(
  fc.constantFrom<Record<string, string>>(
    { 'source.principal': '*' },
    { 'source.principal': 'cluster.local/ns/shop/sa/db' },
    { 'source.namespace': 'sh*' },
    { 'source.user': 'cluster.local/ns/shop/sa/web' },
    { 'request.headers[x-user]': 'a*' },
    { 'request.auth.claims[groups]': 'admin*' },
    { 'request.auth.claims[other]': 'x' },
    { 'request.auth.principal': 'issuer/alice' },
    { 'request.auth.presenter': '*app' },
  ),
);
const subject = fc
  .record(
    {
      user: fc.constantFrom('*', 'allUsers', 'cluster.local/ns/shop/sa/web', '*/sa/web'),
      names: principals,
      not_names: principals,
      namespaces: some('shop', 's*', '*'),
      not_namespaces: some('shop', 's*'),
      ips,
      not_ips: ips,
      not_groups: some('admin', 'b*'),
      properties,
    },
    { requiredKeys: [] },
  )
  .filter((fields) => Object.keys(fields).length > 0 && Object.keys(fields).length < 5);

const generation = fc.record({
  waypoint: fc.boolean(),
  spec: fc.constantFrom(
    { mode: 'ON' },
    { mode: 'ON', enforcement_mode: 'PERMISSIVE' },
    { mode: 'ON_WITH_INCLUSION', inclusion: { services: ['db.shop.svc.cluster.local'] } },
    { mode: 'ON_WITH_EXCLUSION', exclusion: { services: ['db.shop.svc.cluster.local'] } },
  ),
  roles: fc.array(
    fc.record({
      rules: fc.array(accessRule, { minLength: 1, maxLength: 2 }),
      subjects: fc.array(subject, { minLength: 1, maxLength: 2 }),
      mode: fc.constantFrom('ENFORCED', 'ENFORCED', 'PERMISSIVE'),
    }),
    { minLength: 1, maxLength: 2 },
  ),
});

function manifestsOf({ waypoint, spec, roles }: typeof generation extends fc.Arbitrary<infer Value> ? Value : never): string {
  const apiVersion = 'rbac.istio.io/v1alpha1';
  const objects = [
    { apiVersion, kind: 'ClusterRbacConfig', metadata: { name: 'default' }, spec },
    ...roles.flatMap(({ rules, subjects, mode }, index) => [
      { apiVersion, kind: 'ServiceRole', metadata: { name: `role-${index}`, namespace: 'shop' }, spec: { rules } },
      {
        apiVersion,
        kind: 'ServiceRoleBinding',
        metadata: { name: `binding-${index}`, namespace: 'shop' },
        spec: { subjects, mode, roleRef: { kind: 'ServiceRole', name: `role-${index}` } },
      },
    ]),
  ];
  const mesh = testMesh(services, { waypoint, tokens: { issuers: ['issuer'], lists: ['groups'] } });
  return [mesh, ...objects.map((object) => JSON.stringify(object))].join('\n---\n');
}

describe('migrating roles at random', () => {
  it('finds no difference between before and after, or says by name what cannot be migrated', () => {
    const outcomes = { migrated: 0, refused: 0, invalid: 0 };
    fc.assert(
      fc.property(generation, (random) => {
        const { ok, diagnostics, proofs, text } = migrate([{ path: 'mesh.yaml', text: manifestsOf(random) }], strict, 500);
        const different = proofs.find(({ difference }) => difference !== undefined);
        expect(different, text).toBeUndefined();
        const errors = diagnostics.filter(({ severity }) => severity === 'error');
        expect(ok, text).toBe(errors.length === 0);
        expect(errors.every(({ hint }) => hint !== undefined)).toBe(true);
        if (errors.length > 0) expect(text).toBe('');
        outcomes[ok ? 'migrated' : errors.some(({ kind }) => kind === 'invalid') ? 'invalid' : 'refused']++;
      }),
      { numRuns: 120 },
    );
    expect(outcomes.migrated, JSON.stringify(outcomes)).toBeGreaterThan(20);
    expect(outcomes.refused, JSON.stringify(outcomes)).toBeGreaterThan(0);
  });
});
