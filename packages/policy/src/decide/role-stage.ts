import type { RoleScope } from '../bind/roles/role-scope.js';
import { compileRoles } from '../compile/compile-roles.js';
import type { Span } from '../diagnostic/span.js';
import type { Inventory } from '../inventory/inventory.js';
import { type Grant, type RoleJudge, type RoleOutcome, roleInterpreter } from '../legacy/interpret-roles.js';
import type { RoleRefusal } from '../legacy/read-roles.js';
import { roleFacts, type SeenRequest } from '../legacy/role-facts.js';
import type { RoleLayer } from '../legacy/test.js';
import type { Metadata } from '../resource/model/index.js';
import type { ConnectionAttributes } from '../verdict/attributes.js';
import type { PolicyReference, Verdict } from '../verdict/verdict.js';
import { unreadableVerdict } from './compose-verdict.js';
import type { Engine } from './engine.js';
import { onceNeeded } from './total.js';

/** What the older generation adds to the verdict of policy: nothing where it does not govern, or where policy has denied already. */
export type RoleStage = (verdict: Verdict, connection: ConnectionAttributes, seen?: SeenRequest) => Verdict;

/**
 * The stage of roles behind that of policy (legacy reference section 2). Every scope that a connection falls under has to grant it; what comes from a
 * gate that has judged already falls under none.
 */
export function roleStage(inventory: Inventory, scopes: readonly RoleScope[], engine: Engine): RoleStage {
  const judges = scopes.map((scope) => scopeJudge(inventory, scope, engine));
  return (verdict, connection, seen) => {
    if (verdict.effect === 'deny') return verdict;
    return judges.reduce((so, judge) => (so.effect === 'deny' ? so : judge(so, connection, seen)), verdict);
  };
}

function scopeJudge(inventory: Inventory, scope: RoleScope, engine: Engine): RoleStage {
  const judge = (layer: RoleLayer): RoleJudge =>
    engine.kind === 'interpreter'
      ? roleInterpreter(inventory, scope, layer)
      : compileRoles(inventory, scope, layer, engine.options);
  const judges = { http: onceNeeded(() => judge('http')), tcp: onceNeeded(() => judge('tcp')) };
  return (verdict, connection, seen) => {
    const local = localView(scope, connection);
    if (local === undefined) return verdict;
    const facts = roleFacts(inventory.dialect, local, seen);
    if ('unreadable' in facts) return unreadableVerdict(facts);
    const layer: RoleLayer = seen === undefined ? 'tcp' : 'http';
    const { refusal, outcome } = judges[layer]();
    return refusal === undefined ? judged(verdict, scope, outcome(facts)) : refused(verdict, refusal);
  };
}

/** The connection as the destination sees it, by its own address; undefined where the scope does not concern it. */
function localView({ ports, judgedBefore }: RoleScope, connection: ConnectionAttributes): ConnectionAttributes | undefined {
  const { identity } = connection;
  if (identity !== undefined && judgedBefore?.has(identity) === true) return undefined;
  if (ports === undefined) return connection;
  const local = ports.get(connection.destinationPort);
  return local && { ...connection, destinationIp: local.ip, destinationPort: local.port };
}

function judged(verdict: Verdict, scope: RoleScope, outcome: RoleOutcome): Verdict {
  const { grants, enforced } = outcome;
  const shadow = shadowOf(outcome);
  const dryRun = verdict.dryRun?.effect === 'deny' ? verdict.dryRun : (shadow ?? verdict.dryRun);
  const base = { ...verdict, ...(dryRun === undefined ? {} : { dryRun }) };
  if (!enforced) return base;
  const [grant] = grants;
  if (grant !== undefined) return { ...base, effect: 'allow', reason: 'role-match', ...grantedBy(grant) };
  const { policy: _, ...rest } = base;
  return {
    ...rest,
    effect: 'deny',
    reason: 'no-role-match',
    policy: reference(scope.config, scope.config.span),
    detail: `no role of namespace \`${scope.destination.namespace}\` grants it for \`${scope.destination.host}\``,
  };
}

function refused(verdict: Verdict, { role, detail, span }: RoleRefusal): Verdict {
  const { namespace, name } = role.metadata;
  const policy: PolicyReference = { kind: 'ServiceRole', namespace, name, span };
  return { effect: 'deny', reason: 'unsupported-policy', policy, audit: verdict.audit, detail };
}

function grantedBy({ role, rule, binding, subject }: Grant): { policy: PolicyReference; binding: PolicyReference } {
  return {
    policy: { ...reference(role, rule.span), rule: rule.index },
    binding: { ...reference(binding, subject.span), rule: subject.index },
  };
}

function shadowOf({ shadow }: RoleOutcome): Verdict['dryRun'] {
  if (shadow === undefined) return undefined;
  const [grant] = shadow;
  return grant === undefined ? { effect: 'deny' } : { effect: 'allow', policy: grantedBy(grant).policy };
}

function reference(
  { kind, metadata }: { readonly kind: PolicyReference['kind']; readonly metadata: Metadata },
  span: Span,
): PolicyReference {
  return { kind, namespace: metadata.namespace, name: metadata.name, span };
}
