import { describe, expect, it } from 'vitest';
import {
  bindWaypoint,
  buildInventory,
  type CustomStage,
  type Dialect,
  loadResources,
  type ProviderReply,
  requestDecider,
} from '../../src/index.js';

const severalProviders = 'PILOT_ENABLE_MULTIPLE_CUSTOM_AUTHZ_PROVIDERS';
const policyFor = (provider: string, rule: string) => `---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { namespace: shop, name: ask-${provider} }
spec: { action: CUSTOM, provider: { name: ${provider} }, targetRefs: [{ kind: Service, group: "", name: server }], rules: [${rule}] }
`;
const manifests = (...policies: readonly string[]) => `
apiVersion: v1
kind: Service
metadata: { namespace: shop, name: server, labels: { istio.io/use-waypoint: gate } }
spec: { clusterIP: 10.2.0.1, selector: { app: server }, ports: [{ name: http, port: 80 }, { name: grpc, port: 9000 }] }
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { namespace: shop, name: gate }
spec: { gatewayClassName: istio-waypoint, listeners: [{ name: mesh, port: 15008, protocol: HBONE }] }
---
apiVersion: v1
kind: ConfigMap
metadata: { namespace: istio-system, name: istio }
data:
  mesh: |
    extensionProviders:
    - name: first
      envoyExtAuthzGrpc: { service: shop/server.shop.svc.cluster.local, port: 9000 }
    - name: second
      envoyExtAuthzGrpc: { service: shop/server.shop.svc.cluster.local, port: 9000 }
    - name: nowhere
      envoyExtAuthzGrpc: { service: shop/none.shop.svc.cluster.local, port: 9000 }
${policies.join('')}`;

const connection = {
  identity: 'spiffe://cluster.local/ns/shop/sa/a',
  sourceIp: '10.1.0.1',
  destinationIp: '10.2.0.1',
  destinationPort: 80,
};
const request = { method: 'GET', path: '/', authority: 'server.shop', headers: [], httpVersion: 1 } as const;

function deciderOf(policies: readonly string[], flags: Dialect['flags'] = {}) {
  const dialect: Dialect = { name: 'strict', flags };
  const { set, diagnostics } = loadResources([{ path: 'mesh.yaml', text: manifests(...policies) }], dialect);
  expect(diagnostics.filter(({ kind }) => kind === 'invalid')).toEqual([]);
  const { inventory } = buildInventory(set, dialect);
  const gateway = inventory.gateways.get('shop/gate');
  const service = inventory.services.get('Service/shop/server');
  if (gateway === undefined || service === undefined) throw new Error('the mesh is incomplete');
  return requestDecider(inventory, bindWaypoint(inventory, gateway, service));
}

/** Answers every question, and says who was asked. */
function consult(first: CustomStage, replyOf: (provider: string) => ProviderReply) {
  const asked: string[] = [];
  let stage = first;
  while (stage.kind === 'question') {
    asked.push(stage.question.provider.name);
    stage = stage.question.answered(replyOf(stage.question.provider.name));
  }
  return { asked, authorization: stage.authorization };
}

const allow: ProviderReply = { kind: 'grpc', code: 0 };
const deny: ProviderReply = { kind: 'grpc', code: 7 };

describe('the stage of CUSTOM policies', () => {
  it('asks nobody where two providers share a gate that asks one, and denies only what they match', () => {
    const decider = deciderOf([policyFor('first', '{}'), policyFor('second', '{ to: [{ operation: { paths: [/b] } }] }')]);
    const { asked, authorization } = consult(decider.authorizeRequest(connection, request), () => allow);
    expect(asked).toEqual([]);
    expect(authorization.denial).toMatchObject({ effect: 'deny', reason: 'custom-policy' });
    const apart = deciderOf([
      policyFor('first', '{ to: [{ operation: { paths: [/a] } }] }'),
      policyFor('second', '{ to: [{ operation: { paths: [/b] } }] }'),
    ]);
    expect(consult(apart.authorizeRequest(connection, request), () => allow).authorization.denial).toBeUndefined();
  });

  it('asks several in the order of their names where the flag says so, and all have to allow', () => {
    const policies = [policyFor('second', '{}'), policyFor('first', '{}')];
    const decider = deciderOf(policies, { [severalProviders]: 'true' });
    const stage = decider.authorizeRequest(connection, request);
    expect(consult(stage, () => allow)).toMatchObject({ asked: ['first', 'second'] });
    expect(consult(stage, () => allow).authorization.denial).toBeUndefined();
    expect(consult(stage, (name) => (name === 'first' ? deny : allow)).asked).toEqual(['first']);
    expect(consult(stage, (name) => (name === 'second' ? deny : allow)).authorization.denial).toMatchObject({
      policy: { name: 'ask-second' },
    });
  });

  it('asks the next provider about the request that the one before made of it', () => {
    const policies = [
      policyFor('first', '{}'),
      policyFor('second', '{ when: [{ key: "request.headers[x-mark]", values: [yes!] }] }'),
    ];
    const decider = deciderOf(policies, { [severalProviders]: 'true' });
    const marking: ProviderReply = {
      kind: 'grpc',
      code: 0,
      ok: {
        headers: [{ name: 'X-Mark', value: 'yes!', action: 'overwrite-or-add' }],
        headersToRemove: [],
        responseHeaders: [],
        queryToSet: [],
        queryToRemove: [],
      },
    };
    expect(consult(decider.authorizeRequest(connection, request), () => marking).asked).toEqual(['first', 'second']);
    expect(consult(decider.authorizeRequest(connection, request), () => allow).asked).toEqual(['first']);
  });

  it.each(['nowhere', 'unknown'])('denies what matches where the provider is %s', (provider) => {
    const { asked, authorization } = consult(
      deciderOf([policyFor(provider, '{}')]).authorizeRequest(connection, request),
      () => allow,
    );
    expect(asked).toEqual([]);
    expect(authorization.denial?.detail).toContain(provider === 'nowhere' ? 'is not in the mesh' : 'has no extension provider');
  });

  it('is not skipped: without it the decision denies what a CUSTOM policy matches', () => {
    const decider = deciderOf([policyFor('first', '{}')]);
    expect(decider.request(connection, request)).toMatchObject({ effect: 'deny', reason: 'custom-policy' });
    const { authorization } = consult(decider.authorizeRequest(connection, request), () => allow);
    expect(decider.request(connection, request, authorization)).toMatchObject({ effect: 'allow' });
  });

  it('keeps the basis of an answer where only the place of a policy changes', () => {
    const basisOf = (text: string) => {
      const stage = deciderOf([text]).authorizeRequest(connection, request);
      return stage.kind === 'question' ? stage.question.basis : undefined;
    };
    const written = policyFor('first', '{}');
    expect(basisOf(written)).toBeDefined();
    expect(basisOf(written.replace('---\n', '---\n\n\n'))).toBe(basisOf(written));
    expect(basisOf(policyFor('first', '{}, {}'))).not.toBe(basisOf(written));
  });
});
