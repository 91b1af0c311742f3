import type { BoundPolicy, Closure, GateBinding, UnboundPolicy } from '../../bind/binding.js';
import { describeUnbound } from '../../bind/describe-unbound.js';
import type { Span } from '../../diagnostic/span.js';
import type { Metadata } from '../../resource/model/index.js';
import type { ConnectionAttributes } from '../../verdict/attributes.js';
import type { PolicyReference, Verdict } from '../../verdict/verdict.js';
import type { Decision, EnforcedPolicy, GateExplanation, NearestMiss, NotEnforcedPolicy, Place } from '../explanation.js';
import { tellingOf } from '../telling.js';
import type { Sender } from './walk.js';

/** What one gate was asked and what it answered. */
export interface GateAnswer {
  readonly gate: GateExplanation['gate'];
  readonly name: string;
  readonly layer: GateExplanation['layer'];
  readonly binding: GateBinding;
  readonly connection: ConnectionAttributes;
  readonly verdict: Verdict;
  readonly nearest?: NearestMiss | undefined;
}

/** The printable view of one gate's answer: plain data, nothing of the inventory in it. */
export function viewGate(answer: GateAnswer): GateExplanation {
  const { connection, verdict, binding } = answer;
  return {
    gate: answer.gate,
    name: answer.name,
    side: 'destination',
    ...viewDecision(verdict),
    column: verdict.policy?.span.start.column ?? null,
    kind: verdict.policy?.kind ?? null,
    layer: answer.layer,
    sourceIdentity: connection.identity ?? null,
    sourceIp: connection.sourceIp,
    remoteIp: connection.remoteIp === connection.sourceIp ? null : (connection.remoteIp ?? null),
    destinationIp: connection.destinationIp,
    destinationPort: connection.destinationPort,
    detail: verdict.detail ?? null,
    enforced: viewEnforced(binding),
    notEnforced: [...binding.unbound].sort((a, b) => tellingOf(b.reason) - tellingOf(a.reason)).map(viewUnbound),
    audit: verdict.audit.map(qualifiedName),
    dryRun: verdict.dryRun === undefined ? null : { effect: verdict.dryRun.effect, policy: named(verdict.dryRun.policy) },
    nearest: answer.nearest ?? null,
    others: [],
    endpoints: 1,
  };
}

/** The entry for a gate that refuses to send on (`strict`: a waypoint that is named and cannot be used). */
export function viewRefusal(sender: Sender, detail: string, span: Span | undefined): GateExplanation {
  return {
    gate: sender.gate,
    name: sender.name,
    side: 'source',
    effect: 'deny',
    reason: 'waypoint-unavailable',
    policy: null,
    rule: null,
    file: span?.file ?? null,
    line: span?.start.line ?? null,
    column: span?.start.column ?? null,
    kind: null,
    layer: 'connection',
    sourceIdentity: sender.identity ?? null,
    sourceIp: sender.address,
    remoteIp: null,
    destinationIp: null,
    destinationPort: null,
    detail,
    enforced: [],
    notEnforced: [],
    audit: [],
    dryRun: null,
    nearest: null,
    others: [],
    endpoints: 1,
  };
}

/** The part of a verdict that scripts read. */
function viewDecision(verdict: Verdict): Decision {
  const { policy } = verdict;
  return {
    effect: verdict.effect,
    reason: verdict.reason,
    policy: named(policy),
    rule: policy?.rule ?? null,
    file: policy?.span.file ?? null,
    line: policy?.span.start.line ?? null,
    ...(verdict.binding === undefined ? {} : { binding: viewBinding(verdict.binding) }),
  };
}

function viewBinding(binding: PolicyReference): NonNullable<Decision['binding']> {
  return { policy: qualifiedName(binding), subject: binding.rule ?? null, ...placeOf(binding.span) };
}

/** A span as file, line and column. */
export function placeOf(span: Span): Place {
  return { file: span.file, line: span.start.line, column: span.start.column };
}

/** `NAMESPACE/NAME`. */
export function qualifiedName(named: { readonly namespace: string; readonly name: string }): string {
  return `${named.namespace}/${named.name}`;
}

function named(policy: PolicyReference | undefined): string | null {
  return policy === undefined ? null : qualifiedName(policy);
}

function viewEnforced(binding: GateBinding): EnforcedPolicy[] {
  return [...binding.policies.map(viewBound), ...binding.closures.map(viewClosure), ...viewMtls(binding), ...viewRoles(binding)];
}

function viewBound({ policy, attachment }: BoundPolicy): EnforcedPolicy {
  const { metadata, action, dryRun } = policy;
  return { policy: qualifiedName(metadata), action, attachment, dryRun, ...placeOf(metadata.nameSpan) };
}

function viewClosure(closure: Closure): EnforcedPolicy {
  const metadata: Metadata = closure.policy.metadata;
  return {
    policy: qualifiedName(metadata),
    action: 'closes',
    attachment: closure.reason,
    dryRun: false,
    ...placeOf(closure.span),
  };
}

function viewMtls(binding: GateBinding): EnforcedPolicy[] {
  if (binding.gate !== 'ztunnel' || binding.mtls.policy === undefined) return [];
  const { policy, mode } = binding.mtls;
  return [
    {
      policy: qualifiedName(policy.metadata),
      action: `mTLS ${mode}`,
      attachment: 'PeerAuthentication',
      dryRun: false,
      ...placeOf(policy.metadata.nameSpan),
    },
  ];
}

/** What turned RBAC of the older generation on, and every role that is in force here for one destination or another. */
function viewRoles({ roles: scopes }: GateBinding): EnforcedPolicy[] {
  const configs = new Map(scopes.map(({ config, permissive }) => [config, permissive]));
  const roles = new Map(
    scopes.flatMap(({ roles, permissive }) =>
      roles.map(({ role, bindings }) => [role, permissive || bindings.every((binding) => binding.permissive)] as const),
    ),
  );
  return [
    ...[...configs].map(([{ kind, metadata }, dryRun]): EnforcedPolicy => {
      const policy = metadata.namespace === '' ? metadata.name : qualifiedName(metadata);
      return { policy, action: 'RBAC', attachment: kind, dryRun, ...placeOf(metadata.nameSpan) };
    }),
    ...[...roles].map(([{ metadata }, dryRun]): EnforcedPolicy => {
      return { policy: qualifiedName(metadata), action: 'role', attachment: 'namespace', dryRun, ...placeOf(metadata.nameSpan) };
    }),
  ];
}

function viewUnbound(unbound: UnboundPolicy): NotEnforcedPolicy {
  const { metadata } = unbound.policy;
  return {
    policy: qualifiedName(metadata),
    reason: unbound.reason,
    about: tellingOf(unbound.reason) > 0 ? 'this-path' : 'other-objects',
    why: describeUnbound(unbound),
    ...placeOf(metadata.nameSpan),
  };
}
