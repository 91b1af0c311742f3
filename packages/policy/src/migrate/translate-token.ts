import type { Span, Text } from '../diagnostic/span.js';
import type { JwtRule } from '../resource/model/index.js';
import { withCondition, withNote, withSource } from './rule-draft.js';
import { emptyNote } from './translate-permission.js';
import { never, type Step, type TranslationContext } from './translation.js';

const firstWordNote = 'the role saw the first word of such a text only; a text of several words no longer matches';
const presenterNote = 'the role saw the first word of `azp` only, and the first entry of a list';

/** Claims that are lists of words in both generations. */
const alwaysLists: ReadonlySet<string> = new Set(['scope', 'permission']);

/**
 * One of the values is among those of a claim. A text was the list of its words to a role, which it is to an AuthorizationPolicy where a
 * RequestAuthentication says so (legacy reference section 2.5, reference section 3.6).
 */
export function translateClaim(
  claim: string,
  values: readonly Text[],
  negated: boolean,
  place: Span,
  context: TranslationContext,
): Step {
  const { refuse } = context;
  const rules = tokenRules(place, context);
  if (claim.includes('[') || claim.includes(']'))
    refuse(place, `claim \`${claim}\` was one name, and would be a path of several`, 'give the claim a name without brackets');
  else if (!isList(claim, rules))
    refuse(
      place,
      `claim \`${claim}\` was the list of the words of a text, and is one text now`,
      `add \`spaceDelimitedClaims: [${claim}]\` to each of the jwtRules of the RequestAuthentication`,
    );
  for (const { value, span } of values)
    if (value === '' || (negated && value === '*'))
      refuse(span, `\`${value}\` would mean something else where a list holds an empty text`, 'name the values');
  const texts = values.map(({ value }) => value);
  return (rule) => {
    const next = withCondition(rule, `request.auth.claims[${claim}]`, texts, negated);
    return texts.includes('*') ? withNote(next, emptyNote) : next;
  };
}

function isList(claim: string, rules: readonly JwtRule[]): boolean {
  if (alwaysLists.has(claim)) return true;
  if (claim === 'iss') return rules.every(({ issuer }) => isOneWord(issuer));
  return rules.every(({ spaceDelimitedClaims }) => spaceDelimitedClaims.includes(claim));
}

/** `iss/sub`, where the issuers of the gate leave no doubt about which of the slashes is the one (reference section 3.5). */
export function translateRequestPrincipal({ value, span }: Text, context: TranslationContext): Step {
  const rules = tokenRules(span, context);
  if (!isUnambiguous(value, rules)) {
    context.refuse(
      span,
      `\`${value}\` is split into issuer and subject, and could be split in another way than before`,
      'write ISSUER/SUBJECT or ISSUER/PREFIX* with the `issuer` of a RequestAuthentication of this gate',
    );
    return never;
  }
  return (rule) => withNote(withSource({ ...rule, http: true }, 'requestPrincipals', [value]), firstWordNote);
}

function isUnambiguous(value: string, rules: readonly JwtRule[]): boolean {
  if (rules.some(({ issuer }) => !isOneWord(issuer))) return false;
  if (value.startsWith('*')) return !value.includes('/');
  const text = value.endsWith('*') ? value.slice(0, -1) : value;
  const slash = text.lastIndexOf('/');
  const possible = new Set(
    rules.flatMap(({ issuer = '' }) => (text.startsWith(`${issuer}/`) || issuer.startsWith(text) ? [issuer] : [])),
  );
  return slash > 0 && possible.size === 1 && possible.has(text.slice(0, slash));
}

/** The presenter of a token, its claim `azp`. */
export function translatePresenter({ value, span }: Text, context: TranslationContext): Step {
  tokenRules(span, context);
  if (value === '') context.refuse(span, 'an empty presenter cannot be asked for', 'remove the property');
  return (rule) => withNote(withCondition(rule, 'request.auth.presenter', [value]), presenterNote);
}

function tokenRules(place: Span, { requestAuthentications, refuse }: TranslationContext): readonly JwtRule[] {
  const rules = requestAuthentications.flatMap(({ jwtRules }) => jwtRules);
  if (rules.length === 0)
    refuse(place, 'no RequestAuthentication reads tokens at this gate', 'write one with a targetRef to the gate or the service');
  return rules;
}

function isOneWord(issuer: string | undefined): issuer is string {
  return issuer !== undefined && issuer !== '' && !issuer.includes(' ');
}
