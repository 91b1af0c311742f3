import { describe, expect, it } from 'vitest';
import { buildInventory, explain, loadResources, parseQuestion, strict } from '../../src/index.js';

const manifests = `
apiVersion: v1
kind: Namespace
metadata: { name: shop, labels: { istio.io/dataplane-mode: ambient } }
---
apiVersion: v1
kind: Pod
metadata: { namespace: shop, name: client, labels: { app: client } }
spec: { serviceAccountName: client, containers: [{ name: c, image: x }] }
---
apiVersion: v1
kind: Pod
metadata: { namespace: shop, name: server, labels: { app: server } }
spec: { serviceAccountName: server, containers: [{ name: c, image: x, ports: [{ containerPort: 9000 }] }] }
---
apiVersion: v1
kind: Service
metadata: { namespace: shop, name: server }
spec: { selector: { app: server }, ports: [{ name: grpc, port: 9000 }] }
---
apiVersion: v1
kind: ConfigMap
metadata: { namespace: istio-system, name: istio }
data:
  mesh: |
    extensionProviders:
    - name: authz
      envoyExtAuthzGrpc: { service: shop/server.shop.svc.cluster.local, port: 9000 }
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { namespace: shop, name: ask }
spec: { action: CUSTOM, provider: { name: authz }, selector: { matchLabels: { app: server } }, rules: [{}] }
`;

function explained(custom?: string, more = '') {
  const { set } = loadResources([{ path: 'mesh.yaml', text: manifests + more }], strict);
  const { inventory } = buildInventory(set, strict);
  const read = parseQuestion(inventory, { from: 'shop/client', to: 'server:9000', ...(custom === undefined ? {} : { custom }) });
  if ('problem' in read) throw new Error(read.problem.message);
  return explain(inventory, read.question);
}

describe('explain, where a CUSTOM policy applies', () => {
  it('denies what nobody has answered, and says whom the gate would ask', () => {
    const { effect, gates, notes } = explained();
    expect(effect).toBe('deny');
    expect(gates.at(-1)).toMatchObject({ gate: 'ztunnel', effect: 'deny', reason: 'custom-policy', policy: 'shop/ask', rule: 0 });
    expect(notes.join()).toContain('asks provider `authz`, and nobody is asked here');
  });

  it.each(['allow', 'deny'])('takes the provider to %s where it is told so', (custom) => {
    const { effect, notes } = explained(custom);
    expect(effect).toBe(custom);
    expect(notes.join()).toContain(`which is taken to ${custom} it`);
  });

  it('denies what another policy denies, whatever the provider says', () => {
    const deny = `---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { namespace: shop, name: nobody }
spec: { action: DENY, rules: [{}] }
`;
    expect(explained('allow', deny).gates.at(-1)).toMatchObject({ effect: 'deny', reason: 'deny-policy', policy: 'shop/nobody' });
  });

  it('takes no other answer', () => {
    expect(() => explained('maybe')).toThrow('`maybe` is no answer of an external authorizer');
  });
});
