import type { RoleScope } from '../bind/roles/role-scope.js';
import type { CompileOptions } from '../compile/options.js';
import type { Span } from '../diagnostic/span.js';
import type { Inventory } from '../inventory/inventory.js';
import { type Grant, type RoleOutcome, roleInterpreter } from '../legacy/interpret-roles.js';
import type { RoleRefusal } from '../legacy/read-roles.js';
import { roleFacts, type SeenRequest } from '../legacy/role-facts.js';
import type { RoleLayer } from '../legacy/test.js';
import type { HeaderView } from '../reference/headers.js';
import type { Metadata } from '../resource/model/index.js';
import type { ConnectionAttributes, RequestAttributes } from '../verdict/attributes.js';
import type { PolicyReference, Verdict } from '../verdict/verdict.js';
import { CompiledScope, type ScopeMemo } from './compiled-scope.js';
import { unreadableVerdict } from './compose-verdict.js';
import type { Engine } from './engine.js';
import { Numbers } from './numbers.js';
import { scopeSignature } from './scope-signature.js';
import { onceNeeded } from './total.js';

/** What the older generation adds to the verdict of policy: nothing where it does not govern, or where policy has denied already. */
export interface RoleStage {
  /** Builds what the first decision of a layer would have to. May throw. */
  prepare(layer: RoleLayer): void;
  /**
   * `headers` are those of the request, as policy sees them. `memo` is kept by the caller, with the connection and for this stage and its requests
   * alone.
   */
  decide(
    verdict: Verdict,
    connection: ConnectionAttributes,
    request?: RequestAttributes,
    headers?: HeaderView,
    memo?: (ScopeMemo | undefined)[],
  ): Verdict;
}

/**
 * The stage of roles behind that of policy (legacy reference section 2). Every scope that a connection falls under has to grant it; what comes from a
 * gate that has judged already falls under none.
 */
export function roleStage(inventory: Inventory, scopes: readonly RoleScope[], engine: Engine): RoleStage {
  return engine.kind === 'interpreter' ? interpreted(inventory, scopes) : compiled(inventory, scopes, engine.options);
}

function interpreted(inventory: Inventory, scopes: readonly RoleScope[]): RoleStage {
  const judges = scopes.map((scope) => scopeJudge(inventory, scope));
  return {
    prepare: (layer) => {
      for (const judge of judges) judge.prepare(layer);
    },
    decide: (verdict, connection, request, headers) => {
      const seen = request === undefined || headers === undefined ? undefined : { request, headers };
      return judges.reduce((so, judge) => (so.effect === 'deny' ? so : judge.decide(so, connection, seen)), verdict);
    },
  };
}

function compiled(inventory: Inventory, scopes: readonly RoleScope[], options: CompileOptions): RoleStage {
  const tables = withoutRepeats(scopes).map((scope) => new CompiledScope(inventory, scope, judgedIn(scope), options));
  return {
    prepare: (layer) => {
      for (const table of tables) table.prepare(layer);
    },
    decide: (verdict, connection, request, headers, memo) => {
      let so = verdict;
      for (let at = 0; at < tables.length && so.effect === 'allow'; at++) {
        if (memo !== undefined) memo[at] ??= { table: {} };
        so = tables[at]?.decide(so, connection, request, headers, memo?.[at]) ?? so;
      }
      return so;
    },
  };
}

/** Of scopes next to each other that come to the same one is enough, as for the replicas of a workload. */
function withoutRepeats(scopes: readonly RoleScope[]): readonly RoleScope[] {
  const numbers = new Numbers();
  const signatures = scopes.map((scope) => scopeSignature(scope, numbers));
  return scopes.filter((_, place) => signatures[place] !== signatures[place - 1]);
}

/** One scope, by the interpreter. */
interface ScopeJudge {
  prepare(layer: RoleLayer): void;
  decide(verdict: Verdict, connection: ConnectionAttributes, seen: SeenRequest | undefined): Verdict;
}

function scopeJudge(inventory: Inventory, scope: RoleScope): ScopeJudge {
  const judge = (layer: RoleLayer) => onceNeeded(() => roleInterpreter(inventory, scope, layer));
  const judges = { http: judge('http'), tcp: judge('tcp') };
  const conclude = judgedIn(scope);
  return {
    prepare: (layer) => void judges[layer](),
    decide: (verdict, connection, seen) => {
      const local = localView(scope, connection);
      if (local === undefined) return verdict;
      const facts = roleFacts(inventory.dialect, local, seen);
      if ('unreadable' in facts) return unreadableVerdict(facts);
      return conclude(verdict, judges[seen === undefined ? 'tcp' : 'http']()(facts));
    },
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

/** What an outcome of a scope's roles makes of the verdict before it. */
function judgedIn(scope: RoleScope): (verdict: Verdict, outcome: RoleOutcome) => Verdict {
  return (verdict, outcome) => (outcome.kind === 'refused' ? refused(verdict, outcome.refusal) : judged(verdict, scope, outcome));
}

function judged(verdict: Verdict, scope: RoleScope, { grant, shadow, enforced }: Judged): Verdict {
  const tried = shadow && shadowOf(shadow.grant);
  const dryRun = verdict.dryRun?.effect === 'deny' ? verdict.dryRun : (tried ?? verdict.dryRun);
  const base = { ...verdict, ...(dryRun === undefined ? {} : { dryRun }) };
  if (!enforced) return base;
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

type Judged = Extract<RoleOutcome, { kind: 'judged' }>;

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

function shadowOf(grant: Grant | undefined): Verdict['dryRun'] {
  return grant === undefined ? { effect: 'deny' } : { effect: 'allow', policy: grantedBy(grant).policy };
}

function reference(
  { kind, metadata }: { readonly kind: PolicyReference['kind']; readonly metadata: Metadata },
  span: Span,
): PolicyReference {
  return { kind, namespace: metadata.namespace, name: metadata.name, span };
}
