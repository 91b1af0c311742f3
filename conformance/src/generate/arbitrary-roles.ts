import fc from 'fast-check';
import type { Manifest } from '../cases/case.js';
import { identities, pools } from './pools.js';

const apiVersion = 'rbac.istio.io/v1alpha1';
const stars = (values: readonly string[]) => fc.constantFrom(...values, '*', ...values.map((value) => `${value.slice(0, 3)}*`));
const few = <Value>(value: fc.Arbitrary<Value>) => fc.uniqueArray(value, { minLength: 1, maxLength: 2 });
const names = identities.map((identity) => identity.slice('spiffe://'.length));

const constraint = fc.oneof(
  fc.record({ key: fc.constant('destination.ip'), values: few(fc.constantFrom('10.0.0.0/24', '10.96.0.0/16', '10.0.0.2')) }),
  fc.record({ key: fc.constant('destination.port'), values: few(fc.constantFrom('8080', '3306')) }),
  fc.record({ key: fc.constant('destination.labels[version]'), values: few(fc.constantFrom('v1', 'v2')) }),
  fc.record({ key: fc.constant('destination.namespace'), values: few(fc.constantFrom('shop', 'other')) }),
  fc.record({ key: fc.constant('destination.user'), values: few(fc.constantFrom('api', 'web')) }),
  fc.record({ key: fc.constant('request.headers[x-team]'), values: few(fc.constantFrom('red', 'blue', '*')) }),
  fc.record({ key: fc.constant(':path'), values: few(stars(['/admin', '/public'])) }),
  fc.record({ key: fc.constant('connection.sni'), values: few(fc.constantFrom('db.example', '*.example')) }),
  fc.record({
    key: fc.constant('experimental.envoy.filters.network.demo[colour]'),
    values: few(fc.constantFrom('blue', '[green]')),
  }),
);

const services = few(fc.constantFrom('*', 'api.shop.svc.cluster.local', 'api*'));
const methods = few(stars(pools.methods));
const paths = few(stars(['/admin', '/public']));
const constraints = fc.array(constraint, { minLength: 1, maxLength: 1 });

const rule = fc.oneof(
  { weight: 3, arbitrary: fc.record({ services }) },
  { weight: 1, arbitrary: fc.record({ services, methods }) },
  { weight: 1, arbitrary: fc.record({ services, paths }) },
  { weight: 2, arbitrary: fc.record({ services, constraints }) },
  { weight: 1, arbitrary: fc.record({ services, notMethods: methods, notPaths: paths }) },
  { weight: 1, arbitrary: fc.record({ services, hosts: few(stars(['api.shop', 'www.example'])), methods }) },
  { weight: 1, arbitrary: fc.record({ services, ports: few(fc.constantFrom(80, 8080, 3306)) }) },
);

const property = fc.oneof(
  fc.constantFrom(...names).map((value) => ({ 'source.principal': value })),
  fc.constantFrom(...pools.namespaces).map((value) => ({ 'source.namespace': value })),
  fc.constantFrom('10.0.0.0/24', '10.1.0.9').map((value) => ({ 'source.ip': value })),
  fc.constantFrom('red', 'blue').map((value) => ({ 'request.headers[x-team]': value })),
  fc.constantFrom('issuer/alice', 'issuer/*', '*').map((value) => ({ 'request.auth.principal': value })),
  fc.constantFrom('shop', '*').map((value) => ({ 'request.auth.audiences': value })),
  fc.constantFrom('staff', '*dmin').map((value) => ({ 'request.auth.claims[groups]': value })),
);

const subject = fc.oneof(
  { weight: 1, arbitrary: fc.constant({ user: '*' }) },
  { weight: 3, arbitrary: fc.constantFrom(...names).map((user) => ({ user })) },
  { weight: 2, arbitrary: property.map((properties) => ({ properties })) },
  { weight: 2, arbitrary: few(fc.constantFrom(...pools.namespaces)).map((namespaces) => ({ namespaces })) },
  { weight: 1, arbitrary: few(fc.constantFrom(...names)).map((notNames) => ({ notNames })) },
  { weight: 1, arbitrary: few(fc.constantFrom('*/sa/web', 'cluster.local/*', 'allUsers')).map((all) => ({ names: all })) },
  { weight: 1, arbitrary: fc.constantFrom('s*', '*', '*er').map((name) => ({ namespaces: [name], notIps: ['10.1.0.9'] })) },
  { weight: 1, arbitrary: few(fc.constantFrom('staff', 'admin')).map((groups) => ({ groups })) },
);

const mode = fc.oneof({ weight: 3, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: fc.constant({ mode: 'PERMISSIVE' }) });

/** Roles and bindings of the older generation for the namespace `shop`, with RBAC on. */
export const arbitraryRoles: fc.Arbitrary<readonly Manifest[]> = fc
  .array(fc.tuple(fc.array(rule, { minLength: 1, maxLength: 3 }), fc.array(subject, { minLength: 1, maxLength: 3 }), mode), {
    minLength: 1,
    maxLength: 3,
  })
  .map((roles) => [
    { apiVersion, kind: 'ClusterRbacConfig', metadata: { name: 'default' }, spec: { mode: 'ON' } },
    ...roles.flatMap(([rules, subjects, tried], index) => {
      const metadata = { name: `role-${index}`, namespace: 'shop' };
      const roleRef = { kind: 'ServiceRole', name: metadata.name };
      return [
        { apiVersion, kind: 'ServiceRole', metadata, spec: { rules } },
        { apiVersion, kind: 'ServiceRoleBinding', metadata, spec: { ...tried, subjects, roleRef } },
      ];
    }),
  ]);
