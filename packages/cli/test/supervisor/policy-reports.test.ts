import { buildInventory, hasInvalid, type Inventory, loadResources, strict } from '@sallyport/policy';
import { describe, expect, it } from 'vitest';
import { gatewayPolicies, ztunnelPolicies } from '../../src/supervisor/policy-reports.js';
import { printStatus } from '../../src/supervisor/print-status.js';

const mesh = `apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio.io/dataplane-mode: ambient, istio.io/use-waypoint: gate}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: gate, namespace: shop}
spec: {gatewayClassName: istio-waypoint, listeners: [{name: mesh, port: 15008, protocol: HBONE}]}
---
apiVersion: v1
kind: Pod
metadata: {name: api, namespace: shop, labels: {app: api}}
spec: {serviceAccountName: api, containers: [{name: api, image: api, ports: [{containerPort: 8080}]}]}
---
apiVersion: v1
kind: Service
metadata: {name: api, namespace: shop}
spec: {selector: {app: api}, ports: [{name: http, port: 80, targetPort: 8080}]}
---
apiVersion: rbac.istio.io/v1alpha1
kind: ClusterRbacConfig
metadata: {name: default}
spec: {mode: "ON"}
---
apiVersion: rbac.istio.io/v1alpha1
kind: ServiceRole
metadata: {name: readers, namespace: shop}
spec: {rules: [{services: ["*"]}]}
---
apiVersion: rbac.istio.io/v1alpha1
kind: ServiceRoleBinding
metadata: {name: all, namespace: shop}
spec: {subjects: [{user: "*"}], roleRef: {kind: ServiceRole, name: readers}}
`;

function inventory(text = mesh): Inventory {
  const { set, diagnostics } = loadResources([{ path: 'mesh.yaml', text }], strict);
  if (hasInvalid(diagnostics)) throw new Error(diagnostics.map(({ message }) => message).join());
  return buildInventory(set, strict).inventory;
}

describe('what is in force at a gate', () => {
  it('names roles and what turned them on, at the waypoint and at the ztunnel', () => {
    const built = inventory();
    const gateway = built.gateways.get('shop/gate');
    const workload = built.workloads.get('shop/api');
    if (gateway === undefined || workload === undefined) throw new Error('the mesh has both');
    const roles = [
      expect.objectContaining({ kind: 'ClusterRbacConfig', namespace: '', name: 'default', action: 'RBAC', attachment: 'ON' }),
      expect.objectContaining({ kind: 'ServiceRole', namespace: 'shop', name: 'readers', action: 'ROLE', file: 'mesh.yaml' }),
    ];
    expect(gatewayPolicies(built, gateway)).toEqual(roles);
    expect(ztunnelPolicies(built, workload).policies).toEqual(roles);
  });

  it('is the same for a service at its canary waypoint', () => {
    const canary = 'apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: next, namespace: shop}\n';
    const next = `---\n${canary}spec: {gatewayClassName: istio-waypoint, listeners: [{name: mesh, port: 15008, protocol: HBONE}]}\n`;
    const built = inventory(mesh.replace('use-waypoint: gate', 'use-waypoint: gate, istio.io/use-waypoint-canary: next') + next);
    const [primary, second] = ['shop/gate', 'shop/next'].map((key) => {
      const gateway = built.gateways.get(key);
      return gateway === undefined ? [] : gatewayPolicies(built, gateway);
    });
    expect(second).toEqual(primary);
    expect(second).toHaveLength(2);
  });

  it('is printed without a namespace where there is none', () => {
    const built = inventory();
    const gateway = built.gateways.get('shop/gate');
    if (gateway === undefined) throw new Error('the mesh has it');
    const report = { name: 'waypoint shop/gate', state: 'up', ready: true, listeners: [], metrics: 'm' };
    const status = { id: 'm', workloads: [], gates: [{ ...report, policies: gatewayPolicies(built, gateway) }] };
    const printed = printStatus(status as never, (_, text) => text);
    expect(printed).toContain('RBAC default (ON) for Service/shop/api  mesh.yaml:');
    expect(printed).toContain('ROLE shop/readers (namespace) for Service/shop/api  mesh.yaml:');
  });
});
