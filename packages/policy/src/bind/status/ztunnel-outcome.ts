import { type Dialect, flagEnabled } from '../../resource/dialect.js';
import type { AuthorizationPolicy, Condition, Entry, Rule, Term } from '../../resource/model/index.js';
import { parseAddress, parsePrefix } from '../../resource/validate/values/netip.js';
import type { Outcome } from './status-condition.js';

/**
 * What istiod says about a policy at ztunnels (reference sections 4.4 and 0, item 9); undefined where it says nothing: a policy with
 * targetRefs is not for them, but a dry run that is switched off is reported before that is looked at.
 */
export function ztunnelOutcome(policy: AuthorizationPolicy, dialect: Dialect): Outcome | undefined {
  const { namespace, name } = policy.metadata;
  if (policy.dryRun && !flagEnabled(dialect, 'AMBIENT_ENABLE_DRY_RUN_AUTHORIZATION_POLICY')) {
    return refused(
      `found policy "${namespace}/${name}" using dry-run annotation, but support for ambient dry-run authorizationPolicies isn't enabled`,
    );
  }
  if (policy.targetRefs.length > 0) return undefined;
  if (policy.action === 'AUDIT' || policy.action === 'CUSTOM') {
    return refused(`ztunnel does not support the ${policy.action} action`);
  }
  const unsupported = unsupportedNames(policy);
  if (unsupported.length === 0) return { holds: true, reason: 'Accepted', message: 'attached to ztunnel' };
  const found = `ztunnel does not support HTTP attributes (found: ${unsupported.join(', ')}).`;
  const advice = 'In ambient mode you must use a waypoint proxy to enforce HTTP rules.';
  return { holds: true, reason: 'UnsupportedValue', message: `${found} ${advice} ${consequence(policy)}` };
}

function refused(message: string): Outcome {
  return { holds: false, reason: 'UnsupportedValue', message };
}

function consequence({ action, rules }: AuthorizationPolicy): string {
  if (action === 'ALLOW') {
    return 'Within an ALLOW policy, rules matching HTTP attributes are omitted. This will be more restrictive than requested.';
  }
  if (rules.some(canFire)) {
    return 'DENY policy with HTTP attributes is enforced without the HTTP rules. This will be more restrictive than requested.';
  }
  return 'After omitting unsupported HTTP attributes, this DENY policy has no enforceable rules at ztunnel and will have no effect. Deploy a waypoint proxy and use a targetRef to enforce this policy.';
}

const httpFields: ReadonlySet<Term['field']> = new Set<Term['field']>([
  'hosts',
  'methods',
  'paths',
  'remoteIpBlocks',
  'requestPrincipals',
]);

/** The `when` keys that upstream's ztunnel evaluates; it takes every other one for HTTP. */
const l4Keys: ReadonlySet<string> = new Set([
  'source.ip',
  'source.namespace',
  'source.principal',
  'destination.ip',
  'destination.port',
]);

/** The names of the fields and keys that upstream reports, sorted, each once. `trustDomains` is dropped without a word (section 4.3). */
function unsupportedNames({ rules }: AuthorizationPolicy): readonly string[] {
  const names = rules.flatMap((rule) => [
    ...termsOf(rule)
      .filter(({ field }) => httpFields.has(field))
      .map(({ field, negated }) => (negated ? `not${field.charAt(0).toUpperCase()}${field.slice(1)}` : field)),
    ...rule.when.map(({ key }) => key.value).filter((key) => !l4Keys.has(key)),
  ]);
  return [...new Set(names)].sort();
}

function termsOf(rule: Rule): readonly Term[] {
  return [...rule.from, ...rule.to].flatMap((entry): readonly Term[] => entry.terms);
}

/** Whether a rule of a DENY policy can match at a ztunnel: each of its clauses keeps a match with something in it (section 4.3). */
function canFire(rule: Rule): boolean {
  const clauses: readonly (readonly Entry<Term['field']>[])[] = [rule.to, rule.from];
  return (
    clauses.every((entries) => entries.length === 0 || entries.some(({ terms }) => terms.some(keepsTerm))) &&
    rule.when.every(keepsCondition)
  );
}

function keepsTerm({ field, values }: Term): boolean {
  if (httpFields.has(field) || field === 'trustDomains') return false;
  return values.some(({ value }) => isReadable(field, value));
}

function keepsCondition({ key, values, notValues }: Condition): boolean {
  return l4Keys.has(key.value) && [...values, ...notValues].some(({ value }) => isReadable(key.value, value));
}

/** Values that upstream cannot read are left out; those of other fields and keys are taken as they are. */
function isReadable(attribute: string, value: string): boolean {
  switch (attribute) {
    case 'ports':
    case 'destination.port':
      return /^\d+$/.test(value) && Number(value) <= 65_535;
    case 'ipBlocks':
    case 'source.ip':
    case 'destination.ip':
      return !('problem' in (value.includes('/') ? parsePrefix(value) : parseAddress(value)));
    default:
      return true;
  }
}
