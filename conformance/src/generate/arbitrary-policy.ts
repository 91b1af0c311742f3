import fc from 'fast-check';
import type { Manifest } from '../cases/case.js';
import { arbitraryRule, type RuleLayer } from './arbitrary-rule.js';

const gateways = 'gateway.networking.k8s.io';

/** How policies are attached, with the layer that their gate judges by. */
const attachments: readonly { readonly layer: RuleLayer; readonly namespace: string; readonly spec: Manifest }[] = [
  { layer: 'l4', namespace: 'shop', spec: {} },
  { layer: 'l4', namespace: 'shop', spec: { selector: { matchLabels: { app: 'api' } } } },
  { layer: 'l4', namespace: 'istio-system', spec: {} },
  { layer: 'l4', namespace: 'istio-system', spec: { selector: { matchLabels: { app: 'api' } } } },
  { layer: 'l7', namespace: 'shop', spec: { targetRefs: [{ group: '', kind: 'Service', name: 'api' }] } },
  { layer: 'l7', namespace: 'shop', spec: { targetRefs: [{ group: gateways, kind: 'Gateway', name: 'gate' }] } },
  { layer: 'l7', namespace: 'shop', spec: { targetRefs: [{ group: gateways, kind: 'Gateway', name: 'edge' }] } },
  {
    layer: 'l7',
    namespace: 'istio-system',
    spec: { targetRefs: [{ group: gateways, kind: 'GatewayClass', name: 'istio-waypoint' }] },
  },
];

const actions = fc.oneof(
  { weight: 7, arbitrary: fc.constant({ action: 'ALLOW' }) },
  { weight: 4, arbitrary: fc.constant({ action: 'DENY' }) },
  { weight: 1, arbitrary: fc.constant({ action: 'AUDIT' }) },
  { weight: 1, arbitrary: fc.constant({ action: 'ALLOW', dryRun: true }) },
  { weight: 1, arbitrary: fc.constant({ action: 'DENY', dryRun: true }) },
);

/** A policy at some gate; at a ztunnel now and then with attributes that only an L7 gate has. `name` tells it from others. */
export function arbitraryPolicy(name: string): fc.Arbitrary<Manifest> {
  return fc.constantFrom(...attachments).chain(({ layer, namespace, spec }) => {
    const layers = fc.nat({ max: 9 }).map((die): RuleLayer => (die === 0 ? 'l7' : layer));
    const rules = layers.chain((each) => fc.array(arbitraryRule(each), { minLength: 1, maxLength: 3 }));
    return fc
      .tuple(actions, rules)
      .map(([{ action, ...more }, chosen]) =>
        policyManifest(namespace, name, { ...spec, action, rules: chosen }, 'dryRun' in more),
      );
  });
}

/** An AuthorizationPolicy. */
export function policyManifest(namespace: string, name: string, spec: Manifest, dryRun = false): Manifest {
  const annotations = dryRun ? { annotations: { 'istio.io/dry-run': 'true' } } : {};
  return { apiVersion: 'security.istio.io/v1', kind: 'AuthorizationPolicy', metadata: { name, namespace, ...annotations }, spec };
}
