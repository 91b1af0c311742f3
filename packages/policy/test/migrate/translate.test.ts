import { describe, expect, it } from 'vitest';
import { type Diagnostic, migrate, strict } from '../../src/index.js';
import { type TestService, testMesh } from './mesh.js';

const web: TestService = {
  name: 'web',
  namespace: 'shop',
  ports: [{ port: 80, protocol: 'http' }],
  pods: [{ name: 'web-1', labels: { version: 'v1' }, serviceAccount: 'web', ip: '10.0.0.1' }],
};
const roles = `apiVersion: rbac.istio.io/v1alpha1
kind: ClusterRbacConfig
metadata: {name: default}
spec: {mode: "ON"}
---
apiVersion: rbac.istio.io/v1alpha1
kind: ServiceRole
metadata: {name: reader, namespace: shop}
spec: {rules: [{services: ["*"], methods: [GET]}]}
---
apiVersion: rbac.istio.io/v1alpha1
kind: ServiceRoleBinding
metadata: {name: readers, namespace: shop}
spec: {subjects: [{user: "*"}], roleRef: {kind: ServiceRole, name: reader}}
`;

function migrated(mesh: string, text = roles) {
  return migrate(
    [
      { path: 'mesh.yaml', text: mesh },
      { path: 'roles.yaml', text },
    ],
    strict,
  );
}

function said(diagnostics: readonly Diagnostic[]): string[] {
  return diagnostics.map(({ severity, code }) => `${severity} ${code}`);
}

const withWaypoint = testMesh([web], { waypoint: true });

describe('migrating roles', () => {
  it('warns where a role looks at HTTP and there is no waypoint to do so', () => {
    const { ok, diagnostics } = migrated(testMesh([web], { waypoint: false }));
    expect(ok).toBe(true);
    expect(said(diagnostics)).toContain('warning migrate-needs-waypoint');
  });

  it('warns of Services that are yet to come where RBAC is on for more than a list of them', () => {
    const later = (spec: string) => {
      const { ok, diagnostics } = migrated(withWaypoint, roles.replace('mode: "ON"', spec));
      expect(ok).toBe(true);
      return said(diagnostics).filter((each) => each.endsWith('migrate-later-services'));
    };
    const listed = 'mode: ON_WITH_INCLUSION, inclusion: {services: [web.shop.svc.cluster.local]}';
    expect(later('mode: "ON"')).toEqual(['warning migrate-later-services']);
    expect(later('mode: ON_WITH_EXCLUSION, exclusion: {namespaces: [other]}')).toHaveLength(1);
    expect(later('mode: ON_WITH_INCLUSION, inclusion: {namespaces: [shop]}')).toHaveLength(1);
    expect(later(listed)).toEqual([]);
  });

  it('refuses where a workload has no ztunnel, so that no gate would enforce the policy', () => {
    const { ok, diagnostics } = migrated(withWaypoint.replace('"istio.io/dataplane-mode":"ambient"', '"team":"a"'));
    expect([ok, ...said(diagnostics)]).toEqual([false, 'error migrate-destination']);
  });

  it('refuses where a service has neither workloads nor a waypoint among the manifests', () => {
    const { ok, diagnostics } = migrated(testMesh([{ ...web, pods: [] }], { waypoint: false }));
    expect([ok, ...said(diagnostics)]).toEqual([false, 'error migrate-destination']);
  });

  it('refuses where no labels tell workloads that need different policies apart', () => {
    const [pod] = web.pods;
    const other = { name: 'web-2', labels: { version: 'v2' }, serviceAccount: 'other', ip: '10.0.0.2' };
    const only = roles.replace('methods: [GET]', 'constraints: [{key: destination.user, values: [web]}]');
    const mesh = testMesh([{ ...web, pods: pod === undefined ? [] : [pod, other] }], { waypoint: false });
    expect(migrated(mesh, only).ok).toBe(true);
    expect(said(migrated(mesh.replace('"v2"', '"v1"'), only).diagnostics)).toContain('error migrate-destination');
  });

  it('writes nothing where RBAC is off, and says so', () => {
    const { ok, text, diagnostics } = migrated(withWaypoint, roles.replace('"ON"', '"OFF"'));
    expect([ok, text, ...said(diagnostics)]).toEqual([true, '', 'warning migrate-without-effect']);
  });

  it('leaves alone what an AuthorizationPolicy governs already', () => {
    const policy = `${withWaypoint}
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: own, namespace: shop}
spec: {selector: {matchLabels: {svc: web}}, rules: [{to: [{operation: {ports: ["80"]}}]}]}
`;
    const { ok, text } = migrated(policy);
    expect([ok, text]).toEqual([true, '']);
  });

  it('refuses traffic to a workload itself through a waypoint, which no policy of the waypoint tells apart', () => {
    const all = withWaypoint.replace(
      '"name":"gate","namespace":"shop"',
      '"name":"gate","namespace":"shop","labels":{"istio.io/waypoint-for":"all"}',
    );
    const pods = all.replace('"version":"v1","svc"', '"istio.io/use-waypoint":"gate","svc"');
    expect(said(migrated(pods).diagnostics)).toContain('error migrate-destination');
  });

  it('keeps the effect of names where the mesh has aliases of its trust domain, or refuses them', () => {
    const named = roles.replace('user: "*"', 'names: [cluster.local/ns/shop/sa/a]');
    const config = { path: 'meshconfig.yaml', text: 'trustDomain: new.example\ntrustDomainAliases: [cluster.local]\n' };
    const asUser = roles.replace('user: "*"', 'user: cluster.local/ns/shop/sa/a');
    const outcome = (text: string) =>
      migrate([{ path: 'mesh.yaml', text: withWaypoint }, { path: 'roles.yaml', text }, config], strict);
    expect(said(outcome(named).diagnostics)).toEqual(['error migrate-attribute']);
    expect(outcome(asUser).ok).toBe(true);
  });

  it('keeps a comment on its line, whatever some reader takes for the end of one', () => {
    const { ok, text } = migrated(
      withWaypoint,
      roles.replace('kind: ServiceRole\n', 'kind: ServiceRole # a\u2028spec: {}\u0085b\n'),
    );
    expect(ok).toBe(true);
    expect(text).toContain(' # a spec: {} b\n');
  });
});
