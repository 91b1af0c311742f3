import type { Span } from '../diagnostic/span.js';
import type { Inventory } from '../inventory/inventory.js';
import { readScope } from '../legacy/read-roles.js';
import type { RoleLayer } from '../legacy/test.js';
import { trustDomainsOf } from '../reference/requirement.js';
import type { ServiceRoleBinding, Subject } from '../resource/model/index.js';
import type { CommentFinder } from './comment-finder.js';
import type { Gate, GatePort } from './gate.js';
import { type GateGrant, type GateGrants, grantsAt } from './grants.js';
import type { CommentedRule, PolicyDraft } from './policy-draft.js';
import { anything, type RuleDraft, withNote, withOperation, withSource } from './rule-draft.js';
import { translatePermission } from './translate-permission.js';
import { translatePrincipal } from './translate-principal.js';
import { allOf, type TranslationContext } from './translation.js';

/** Takes what has no equal among AuthorizationPolicies. */
export type Refuse = (span: Span, message: string, hint: string) => void;

/**
 * The policies that take the place of the roles of one gate: one that closes it but for what RBAC never governed and what its waypoint has
 * judged, and one for each role. None where no role governs it.
 */
export function gatePolicies(inventory: Inventory, gate: Gate, comments: CommentFinder, refuse: Refuse): readonly PolicyDraft[] {
  const grants = grantsAt(gate, refuse);
  if (grants.governed.length === 0) return [];
  refuseWhatClosesGate(inventory, gate, refuse);
  const translator = { inventory, gate, grants, comments, refuse };
  const roles = [...new Set(grants.grants.map(({ role }) => role))];
  return [
    basePolicy(translator),
    ...roles.flatMap((role) =>
      rolePolicies(
        translator,
        grants.grants.filter((each) => each.role === role),
      ),
    ),
  ];
}

/** What Envoy could not be configured with closes the gate as a whole, and no policy does. */
function refuseWhatClosesGate(inventory: Inventory, { binding, ports }: Gate, refuse: Refuse): void {
  const layers = new Set(ports.flatMap((port) => port.layers));
  for (const scope of binding.roles) {
    for (const layer of layers) {
      const { refusal } = readScope(inventory, scope, layer);
      if (refusal !== undefined) refuse(refusal.span, refusal.detail, 'remove it, or write a rule of its own for TCP');
    }
  }
}

interface Translator {
  readonly inventory: Inventory;
  readonly gate: Gate;
  readonly grants: GateGrants;
  readonly comments: CommentFinder;
  readonly refuse: Refuse;
}

function basePolicy({ gate, grants }: Translator): PolicyDraft {
  const waypoints = [...new Set(gate.binding.roles.flatMap(({ judgedBefore }) => [...(judgedBefore ?? [])]))];
  const rules: CommentedRule[] = [];
  if (waypoints.length > 0) {
    const principals = waypoints.map((identity) => identity.slice('spiffe://'.length)).sort();
    rules.push({
      rule: withSource(anything, 'principals', principals),
      comments: ['What comes from the waypoint was judged there; here it has the identity of the waypoint.'],
    });
  }
  // A ztunnel is asked for any port, declared or not.
  if (gate.binding.gate === 'ztunnel' || grants.ungoverned.length > 0) {
    const governed = grants.governed.map(({ port }) => String(port));
    rules.push({
      rule: withOperation(anything, 'ports', governed, true),
      comments: ['RBAC governed the ports of Services only: all others stay open. Remove this rule to close them.'],
    });
  }
  const comments = ['RBAC was on: what no policy allows is denied.'];
  return { stem: waypoints.length > 0 ? 'only-from-waypoint' : 'default-deny', dryRun: grants.permissive, rules, comments };
}

/** What is enforced, and what is only tried out, of one role. */
function rolePolicies(translator: Translator, grants: readonly GateGrant[]): PolicyDraft[] {
  const { permissive } = translator.grants;
  const drafts = [false, true].map((dryRun) => {
    const wanted = (binding: ServiceRoleBinding) => (permissive || binding.permissive) === dryRun;
    return rolePolicy(translator, grants, wanted, dryRun);
  });
  return drafts.filter(({ rules }) => rules.length > 0);
}

function rolePolicy(
  translator: Translator,
  grants: readonly GateGrant[],
  wanted: (binding: ServiceRoleBinding) => boolean,
  dryRun: boolean,
): PolicyDraft {
  const { comments } = translator;
  const bindings = (grants[0]?.bindings ?? []).filter(wanted);
  const role = grants[0]?.role;
  const rules = grants.flatMap((grant) =>
    bindings.flatMap((binding) => binding.subjects.flatMap((subject) => commentedRules(translator, grant, binding, subject))),
  );
  const stem = role?.metadata.name ?? '';
  const boundBy = bindings.map(({ metadata }) => `\`${metadata.name}\``).join(', ');
  return {
    stem,
    dryRun,
    rules,
    comments: [
      `Was ServiceRole \`${stem}\`, bound by ${boundBy}${dryRun ? ', only tried out' : ''}.`,
      ...(role === undefined ? [] : comments.at(role.span)),
      ...bindings.flatMap(({ span }) => comments.at(span)),
    ],
  };
}

function commentedRules(
  { comments, ...translator }: Translator,
  grant: GateGrant,
  binding: ServiceRoleBinding,
  subject: Subject,
): CommentedRule[] {
  const origin = `Rule ${grant.rule.index} for subject ${subject.index} of \`${binding.metadata.name}\`.`;
  return rulesOf({ comments, ...translator }, grant, subject).map((rule) => ({
    rule,
    comments: [
      ...comments.at(grant.rule.span),
      ...comments.at(subject.span),
      origin,
      ...rule.notes.map((note) => `Note: ${note}.`),
    ],
  }));
}

/** One rule where HTTP and TCP agree, else one for the ports of each. */
function rulesOf(translator: Translator, grant: GateGrant, subject: Subject): RuleDraft[] {
  const { grants, refuse } = translator;
  const has = (layer: RoleLayer) => grant.ports.some(({ layers }) => layers.includes(layer));
  const http = has('http') ? translate(translator, grant, subject, 'http') : undefined;
  const tcp = has('tcp') ? translate(translator, grant, subject, 'tcp') : undefined;
  // Where RBAC governs nothing everyone is admitted already: no rule has to leave those ports out.
  const all = grants.governed.length === grant.ports.length && !grant.namesPorts;
  const at = (rule: RuleDraft, ports: readonly GatePort[] = grant.ports, everywhere = all) =>
    everywhere
      ? rule
      : withOperation(
          rule,
          'ports',
          ports.map(({ port }) => String(port)),
        );
  if (http === undefined)
    return tcp === undefined
      ? []
      : [
          at(
            tcp,
            grant.ports.filter(({ layers }) => layers.includes('tcp')),
            all && !has('http'),
          ),
        ];
  if (tcp === undefined) return [at(has('tcp') || http.http ? onHttpOnly(http) : http)];
  if (sameRule(http, tcp)) return [at(http)];
  refuse(
    subject.span,
    'this means one thing on HTTP and another on TCP',
    'write subjects of their own for ports of HTTP and of TCP',
  );
  return [];
}

/** A rule that no connection of a TCP port matches. */
function onHttpOnly(rule: RuleDraft): RuleDraft {
  if (looksAtHttp(rule)) return rule;
  const note = '`methods: ["*"]` is any request, and no connection of a TCP port';
  return withNote(withOperation(rule, 'methods', ['*']), note);
}

function looksAtHttp({ operation, source, when }: RuleDraft): boolean {
  return (
    Object.keys(operation).some((field) => !field.toLowerCase().endsWith('ports')) ||
    'requestPrincipals' in source ||
    when.some(({ key }) => key.startsWith('request.'))
  );
}

function sameRule(a: RuleDraft, b: RuleDraft): boolean {
  return JSON.stringify([a.source, a.operation, a.when]) === JSON.stringify([b.source, b.operation, b.when]);
}

function translate(
  { inventory, gate, refuse }: Translator,
  { rule }: GateGrant,
  subject: Subject,
  layer: RoleLayer,
): RuleDraft | undefined {
  const { binding } = gate;
  const context: TranslationContext = {
    dialect: inventory.dialect.name,
    gate: binding.gate,
    layer,
    trustDomains: trustDomainsOf(inventory.mesh),
    requestAuthentications: binding.gate === 'ztunnel' ? [] : binding.requestAuthentications,
    refuse,
  };
  return allOf([translatePermission(rule, context), translatePrincipal(subject, context)])(anything);
}
