import type { Span, Text } from '../diagnostic/span.js';
import { evaluatesOnTcp } from '../legacy/principal.js';
import type { Property, Subject, SubjectField, Term } from '../resource/model/index.js';
import { findPropertyKey, headerNameOf, keyWithoutName } from '../resource/validate/rules/role-keys.js';
import { withSource } from './rule-draft.js';
import { translateHeader } from './translate-header.js';
import { principalValues } from './translate-names.js';
import { checkAddresses } from './translate-permission.js';
import { translateClaim, translatePresenter, translateRequestPrincipal } from './translate-token.js';
import { allOf, always, never, type Step, type TranslationContext } from './translation.js';

/** Who a subject is (legacy reference sections 2.5, 2.8 and 2.9); one that says nothing is nobody. */
export function translatePrincipal(subject: Subject, context: TranslationContext): Step {
  if (subject.terms.length === 0 && subject.properties.length === 0) return never;
  if (context.layer === 'tcp' && !evaluatesOnTcp(subject, context)) return never;
  return allOf([
    ...subject.terms.map((term) => translateTerm(term, context)),
    ...subject.properties.map((property) => translateProperty(property, context)),
  ]);
}

function translateTerm({ field, values, negated, span }: Term<SubjectField>, context: TranslationContext): Step {
  switch (field) {
    case 'user':
    case 'names':
      return names(values, negated, field === 'user', context);
    case 'namespaces':
      return namespaces(values, negated, context);
    case 'ips':
      return sourceIp(values, negated, span, context);
    default:
      return translateClaim('groups', values, negated, span, context);
  }
}

function translateProperty({ key, value }: Property, context: TranslationContext): Step {
  const known = findPropertyKey(key.value);
  if (known === undefined || keyWithoutName(known, key.value)) {
    context.refuse(key.span, `no property is named \`${key.value}\``, 'upstream matches it with nothing; remove the subject');
    return never;
  }
  switch (known.name) {
    case 'source.principal':
      return names([value], false, true, context);
    case 'source.user':
      return sourceUser(value, context);
    case 'source.namespace':
      return namespaces([value], false, context);
    case 'source.ip':
      return sourceIp([value], false, key.span, context);
    case 'request.headers':
      return translateHeader(headerNameOf(key.value), [value], false, context, key.span);
    case 'request.auth.claims':
      return translateClaim(headerNameOf(key.value), [value], false, key.span, context);
    case 'request.auth.principal':
      return translateRequestPrincipal(value, context);
    case 'request.auth.presenter':
      return translatePresenter(value, context);
    default:
      context.refuse(
        key.span,
        '`request.auth.audiences` was the first audience of a token, and is any of them now',
        'restrict `audiences` in a RequestAuthentication',
      );
      return never;
  }
}

const anyone: ReadonlySet<string> = new Set(['*', 'allUsers']);

/** `*` and `allUsers` are anyone, `allAuthenticatedUsers` anyone with an identity (legacy reference section 2.8). */
function names(values: readonly Text[], negated: boolean, expands: boolean, context: TranslationContext): Step {
  if (values.some(({ value }) => anyone.has(value))) return negated ? never : always;
  const possible = values.filter((text) => canMatch(text, context));
  if (possible.length === 0) return negated ? always : never;
  const principals = possible.flatMap((text) =>
    text.value === 'allAuthenticatedUsers' ? ['*'] : principalValues(text, expands, context),
  );
  return (rule) => withSource(rule, 'principals', principals, negated);
}

/** On TCP upstream took a name that ends in something for one in full (legacy reference section 2.8); nobody has the empty one. */
function canMatch({ value, span }: Text, { layer, refuse }: TranslationContext): boolean {
  if (layer === 'tcp' && value.startsWith('*'))
    refuse(span, `on TCP \`${value}\` was the whole of a name, and on HTTP its end`, 'write the name in full');
  return value !== '';
}

/** `source.user` is the peer as it is: no words stand for others, and no trust domain for another. HTTP only. */
function sourceUser(text: Text, context: TranslationContext): Step {
  const principals = text.value === '*' ? ['*'] : principalValues(text, false, context);
  return (rule) => withSource({ ...rule, http: true }, 'principals', principals);
}

function namespaces(values: readonly Text[], negated: boolean, { layer, refuse }: TranslationContext): Step {
  for (const { value, span } of values) {
    if (!/^[-a-zA-Z0-9*]+$/.test(value))
      refuse(span, `\`${value}\` was a regular expression, and is none now`, 'name the namespaces one by one');
    else if (layer === 'tcp' && value.includes('*') && value !== '*')
      refuse(span, `on TCP \`${value}\` means something else than on HTTP`, 'name the namespaces one by one');
  }
  const texts = values.map(({ value }) => value);
  return (rule) => withSource(rule, 'namespaces', texts, negated);
}

function sourceIp(values: readonly Text[], negated: boolean, span: Span, context: TranslationContext): Step {
  const { dialect, gate, refuse } = context;
  if (dialect === 'upstream' && gate === 'waypoint')
    refuse(span, 'upstream a waypoint does not know the address of its peer', 'name the clients by identity');
  const texts = checkAddresses(values, refuse);
  return (rule) => withSource(rule, 'ipBlocks', texts, negated);
}
