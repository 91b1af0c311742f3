import { constraintsOf, isAboutDestination } from '../bind/roles/concerns-destination.js';
import { needsHttp } from '../legacy/permission.js';
import { readIpRange, unmapped } from '../reference/ip-range.js';
import type { AccessField, AccessRule, Constraint, Term } from '../resource/model/index.js';
import { findConstraintKey, headerNameOf, keyWithoutName } from '../resource/validate/rules/role-keys.js';
import { withCondition, withNote, withOperation } from './rule-draft.js';
import { translateHeader } from './translate-header.js';
import { allOf, always, never, type Step, type TranslationContext } from './translation.js';

const pathNote = 'the role saw the query string, which `paths` does not see: `request.headers[:path]` does';
const hostNote = '`hosts` takes capitals for small letters, which the role did not';
export const emptyNote = '`*` asks for a text that is not empty; the role took an empty one too';

/**
 * What a rule grants, all but its ports and what its destination settles (legacy reference sections 2.3, 2.4 and 2.9).
 */
export function translatePermission(rule: AccessRule, context: TranslationContext): Step {
  if (context.layer === 'tcp' && needsHttp(rule, context)) return never;
  return allOf([
    ...rule.terms.map((term) => translateTerm(term, context)),
    ...constraintsOf(rule).map((constraint) => translateConstraint(constraint, context)),
  ]);
}

function translateTerm({ field, values, negated, span }: Term<AccessField>, context: TranslationContext): Step {
  const texts = values.map(({ value }) => value);
  switch (field) {
    case 'ports':
      return always;
    case 'hosts':
      return noted(translateHeader(':authority', values, negated, context, span), hostNote);
    case 'methods':
      return texts.includes('*') || texts.includes('')
        ? translateHeader(':method', values, negated, context, span)
        : (rule) => withOperation(rule, 'methods', texts, negated);
    default:
      return texts.every(isPlainPrefix)
        ? (rule) => withOperation(rule, 'paths', texts, negated)
        : noted(translateHeader(':path', values, negated, context, span), pathNote);
  }
}

/** A beginning of the path is one of the path with its query too, unless it reaches into the query itself or reads as a template. */
function isPlainPrefix(value: string): boolean {
  const special = ['?', '#', '{', '}'].some((character) => value.includes(character));
  return value.length > 1 && value.endsWith('*') && !value.startsWith('*') && !special;
}

function noted(step: Step, note: string): Step {
  return (rule) => {
    const next = step(rule);
    return next === undefined || next.when.length === rule.when.length ? next : withNote(next, note);
  };
}

function translateConstraint(constraint: Constraint, context: TranslationContext): Step {
  const { key, values } = constraint;
  const known = findConstraintKey(key.value);
  if (known === undefined || keyWithoutName(known, key.value)) {
    context.refuse(
      key.span,
      `no constraint is named \`${key.value}\``,
      'upstream ignored it; remove it if that is what you want',
    );
    return never;
  }
  if (isAboutDestination(key.value)) return always;
  switch (known.name) {
    case 'destination.port':
      return always;
    case 'destination.ip':
      return destinationIp(constraint, context);
    case 'connection.sni':
      return serverName(constraint, context);
    case 'request.headers':
      return translateHeader(headerNameOf(key.value), values, false, context, key.span);
    case 'experimental.envoy.filters.':
      return publishedByFilter(constraint, context);
    default:
      return translateHeader(known.name, values, false, context, key.span);
  }
}

function destinationIp({ key, values }: Constraint, { gate, refuse }: TranslationContext): Step {
  if (gate === 'waypoint') {
    refuse(
      key.span,
      '`destination.ip` is the address of a workload, and a waypoint knows that of the service only',
      'name the workloads by `destination.labels` instead',
    );
    return never;
  }
  const texts = checkAddresses(values, refuse);
  return (rule) => withCondition(rule, 'destination.ip', texts);
}

/** The values, all of them readable; an IPv4 address in IPv6 writing meant IPv4 once, and matches nothing now. */
export function checkAddresses(values: Constraint['values'], refuse: TranslationContext['refuse']): readonly string[] {
  for (const { value, span } of values) {
    const range = readIpRange(value);
    if (range === undefined) refuse(span, `\`${value}\` is not an address`, 'upstream ignored it; remove it');
    else if (unmapped(range.address) !== range.address)
      refuse(span, `\`${value}\` is an IPv4 address in the writing of IPv6`, 'write it as IPv4');
  }
  return values.map(({ value }) => value);
}

/** A server name comes in small letters, and is the empty text where there is none; a ztunnel never learns any. */
function serverName({ key, values }: Constraint, { gate, refuse }: TranslationContext): Step {
  const texts = values.map(({ value }) => value);
  if (texts.includes('*')) return always;
  if (gate === 'ztunnel') return texts.includes('') ? always : never;
  if (texts.includes('')) refuse(key.span, 'a missing server name cannot be asked for', 'remove the empty value');
  const possible = texts.filter((value) => value === value.toLowerCase());
  return possible.length === 0 ? never : (rule) => withCondition(rule, 'connection.sni', possible);
}

function publishedByFilter({ key, values }: Constraint, { gate, refuse }: TranslationContext): Step {
  if (gate === 'ztunnel') return never;
  for (const { value, span } of values)
    if (value === '') refuse(span, 'an empty text cannot be asked for', 'remove the empty value');
  const texts = values.map(({ value }) => value);
  const any = texts.some((value) => value === '*' || value === '[*]');
  return (rule) => {
    const next = withCondition(rule, key.value, texts);
    return any ? withNote(next, emptyNote) : next;
  };
}
