import type { GateBinding, ZtunnelBinding } from '../bind/binding.js';
import { connectionDecider, requestDecider } from '../decide/index.js';
import type { Span } from '../diagnostic/span.js';
import type { Inventory } from '../inventory/inventory.js';
import type { AuthorizationPolicy, Condition, Entry, OperationField, Rule, SourceField, Term } from '../resource/model/index.js';
import type { Verdict } from '../verdict/verdict.js';
import type { FailedTerm, NearestMiss } from './explanation.js';
import { type Asked, seenBy } from './seen.js';
import { placeOf, qualifiedName } from './walk/gate-view.js';

/**
 * For a denial because no ALLOW rule matched: the rule with the fewest failing conditions, and those conditions. Each condition is
 * put to the gate's own decider as a policy by itself, so that the answer is the gate's in either dialect.
 */
export function nearestMiss(inventory: Inventory, binding: GateBinding, verdict: Verdict, asked: Asked): NearestMiss | undefined {
  if (verdict.reason !== 'no-allow-match') return undefined;
  const holds = prober(inventory, binding, asked);
  let best: NearestMiss | undefined;
  for (const { policy } of binding.policies) {
    if (policy.action !== 'ALLOW' || policy.dryRun) continue;
    for (const rule of policy.rules) {
      const failed = failingTerms(policy, rule, holds, asked);
      if (failed.length > 0 && (best === undefined || failed.length < best.failed.length)) {
        best = { policy: qualifiedName(policy.metadata), rule: rule.index, failed, ...placeOf(rule.span) };
      }
    }
  }
  return best;
}

type RulePart = Pick<Rule, 'from' | 'to' | 'when'>;
type Holds = (policy: AuthorizationPolicy, part: RulePart, span: Span) => boolean;

function prober(inventory: Inventory, binding: GateBinding, asked: Asked): Holds {
  return (policy, part, span) => {
    const probe = { ...policy, rules: [{ index: 0, ...part, span }] };
    const alone = withOnly(binding, probe);
    const verdict =
      asked.request === undefined || alone.gate === 'ztunnel'
        ? connectionDecider(inventory, alone).connection(asked.connection)
        : requestDecider(inventory, alone).request(asked.connection, asked.request);
    return verdict.effect === 'allow';
  };
}

/** The same gate with one policy and nothing else: no closures, no mutual TLS requirement. */
function withOnly<B extends GateBinding>(binding: B, policy: AuthorizationPolicy): B {
  const attachment = binding.policies.find((bound) => bound.policy.metadata === policy.metadata)?.attachment ?? 'selector';
  const open: Partial<ZtunnelBinding> = binding.gate === 'ztunnel' ? { mtls: { mode: 'PERMISSIVE', ports: new Map() } } : {};
  return { ...binding, ...open, policies: [{ policy, attachment }], closures: [], unbound: [], roles: [] };
}

function failingTerms(policy: AuthorizationPolicy, rule: Rule, holds: Holds, asked: Asked): FailedTerm[] {
  const source = (entry: Entry<SourceField>) =>
    failingIn(entry, (part) => holds(policy, { from: [part], to: [], when: [] }, part.span), asked);
  const operation = (entry: Entry<OperationField>) =>
    failingIn(entry, (part) => holds(policy, { from: [], to: [part], when: [] }, part.span), asked);
  const conditions = rule.when.filter((condition) => !holds(policy, { from: [], to: [], when: [condition] }, condition.span));
  return [
    ...fewest(rule.from.map(source)),
    ...fewest(rule.to.map(operation)),
    ...conditions.map((condition) => describeCondition(condition, asked)),
  ];
}

function failingIn<Field extends SourceField | OperationField>(
  entry: Entry<Field>,
  holds: (part: Entry<Field>) => boolean,
  asked: Asked,
): FailedTerm[] {
  return entry.terms.filter((term) => !holds({ terms: [term], span: entry.span })).map((term) => describeTerm(term, asked));
}

function fewest(alternatives: readonly FailedTerm[][]): FailedTerm[] {
  return (
    alternatives.reduce<FailedTerm[] | undefined>(
      (best, next) => (best === undefined || next.length < best.length ? next : best),
      undefined,
    ) ?? []
  );
}

function describeTerm(term: Term, asked: Asked): FailedTerm {
  const capitalised = term.field.charAt(0).toUpperCase() + term.field.slice(1);
  const values = term.values.map((text) => text.value);
  return {
    attribute: term.negated ? `not${capitalised}` : term.field,
    seen: seenBy(term.field, asked),
    wanted: wantedOf(term.negated ? [] : values, term.negated ? values : []),
    ...placeOf(term.span),
  };
}

function describeCondition(condition: Condition, asked: Asked): FailedTerm {
  const texts = (values: Condition['values']) => values.map((text) => text.value);
  return {
    attribute: condition.key.value,
    seen: seenBy(condition.key.value, asked),
    wanted: wantedOf(texts(condition.values), texts(condition.notValues)),
    ...placeOf(condition.span),
  };
}

function wantedOf(values: readonly string[], notValues: readonly string[]): string {
  const quote = (list: readonly string[]) => {
    const shown = list.slice(0, 4).map((value) => `\`${value}\``);
    return list.length > 4 ? `${shown.join(', ')} and ${list.length - 4} more` : shown.join(', ');
  };
  const positive = values.length === 0 ? [] : [values.length === 1 ? quote(values) : `one of ${quote(values)}`];
  const negative =
    notValues.length === 0 ? [] : [notValues.length === 1 ? `not ${quote(notValues)}` : `none of ${quote(notValues)}`];
  return [...positive, ...negative].join(', and ');
}
