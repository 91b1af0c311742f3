import type { BoundPolicy, GateBinding, Inventory, Verdict } from '@sallyport/policy';
import type { Answer, ShadowAnswer } from './engine.js';
import type { GateAsked } from './gate-asked.js';

/**
 * `NAMESPACE/NAME` of every policy that would have decided alike: each enforced policy is put to the gate by itself. Upstream's
 * ztunnel knows PeerAuthentication as policies with names of their own, so those names match too.
 */
export function matchedPolicies(inventory: Inventory, asked: GateAsked, verdict: Verdict): readonly string[] {
  const { binding } = asked;
  const plaintext = verdict.reason === 'mtls-required' ? convertedNames(inventory, verdict) : [];
  const reason =
    verdict.effect === 'allow' ? 'allow-policy' : verdict.reason === 'custom-policy' ? 'custom-policy' : 'deny-policy';
  const candidates = binding.policies.filter(({ policy }) => policy.action === actions[reason] && !policy.dryRun);
  return [...candidates.filter((each) => asked.decide(withOnly(binding, [each])).reason === reason).map(nameOf), ...plaintext];
}

const actions = { 'allow-policy': 'ALLOW', 'deny-policy': 'DENY', 'custom-policy': 'CUSTOM' } as const;

/** What the dry-run policies of each action would have done, each action by itself. */
export function shadowAnswers(asked: GateAsked): Answer['shadow'] {
  const allow = shadowAnswer(asked, 'ALLOW');
  const deny = shadowAnswer(asked, 'DENY');
  return { ...(allow === undefined ? {} : { allow }), ...(deny === undefined ? {} : { deny }) };
}

function shadowAnswer(asked: GateAsked, action: 'ALLOW' | 'DENY'): ShadowAnswer | undefined {
  const policies = asked.binding.policies.filter(({ policy }) => policy.dryRun && policy.action === action);
  const ask = (some: readonly BoundPolicy[]) => asked.decide(withOnly(asked.binding, some)).dryRun;
  const together = ask(policies);
  if (together === undefined) return undefined;
  return { effect: together.effect, matched: policies.filter((each) => ask([each])?.policy !== undefined).map(nameOf) };
}

/** The same gate with these policies only, open to plaintext. */
function withOnly(binding: GateBinding, policies: readonly BoundPolicy[]): GateBinding {
  const bare = { ...binding, policies, closures: [], unbound: [], roles: [] };
  return bare.gate === 'ztunnel' ? { ...bare, mtls: { mode: 'PERMISSIVE', ports: new Map() } } : bare;
}

function nameOf({ policy }: BoundPolicy): string {
  return `${policy.metadata.namespace}/${policy.metadata.name}`;
}

function convertedNames(inventory: Inventory, { policy }: Verdict): readonly string[] {
  const statics = `${inventory.mesh.rootNamespace}/istio_converted_static_strict`;
  return policy === undefined ? [statics] : [statics, `${policy.namespace}/converted_peer_authentication_${policy.name}`];
}
