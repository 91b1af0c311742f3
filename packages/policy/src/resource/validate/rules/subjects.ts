import type { Property, Subject, SubjectField } from '../../model/rbac.js';
import type { Report } from '../report.js';
import { checkIpBlocks } from '../values/ip-blocks.js';
import { findPropertyKey, headerNameOf, hintForProperty, isHeaderName, keyWithoutName } from './role-keys.js';

/** Properties that say the same as a field of their own; only the plain forms are checked. */
const twins: Readonly<Record<string, SubjectField>> = {
  'source.principal': 'names',
  'request.auth.claims[groups]': 'groups',
  'source.namespace': 'namespaces',
  'source.ip': 'ips',
};

/** Checks the subjects of a binding (legacy reference section 1.4); `strict` looks into keys and values too. */
export function checkSubjects(subjects: readonly Subject[], strict: boolean, report: Report): void {
  for (const subject of subjects) {
    if (saysNothing(subject))
      report('empty-subject', subject.span, 'a subject says nothing', { hint: 'say who it is, or remove it' });
    checkStars(subject, report);
    checkTwins(subject, report);
    if (strict) {
      checkValues(subject, report);
      for (const property of subject.properties) checkProperty(property, report);
    }
  }
}

/** Whether nothing is left of a subject, which is nobody. */
export function saysNothing({ terms, properties }: Subject): boolean {
  return terms.length === 0 && properties.length === 0;
}

function checkStars({ terms }: Subject, report: Report): void {
  for (const { value, span } of terms.filter(({ field }) => field === 'names').flatMap(({ values }) => values)) {
    if (value === '*')
      report('subject-star', span, 'a bare `*` is not a name', {
        hint: 'write `allUsers` for anyone, `allAuthenticatedUsers` for anyone with an identity',
      });
  }
}

function checkTwins({ terms, properties }: Subject, report: Report): void {
  for (const { key } of properties) {
    const field = Object.hasOwn(twins, key.value) ? twins[key.value] : undefined;
    if (field === undefined || !terms.some((term) => term.field === field && !term.negated)) continue;
    report('role-attribute-twice', key.span, `property \`${key.value}\` and \`${field}\` say the same twice`, {
      hint: 'keep one of the two',
    });
  }
}

function checkValues({ terms }: Subject, report: Report): void {
  for (const { field, values } of terms) {
    for (const text of values) {
      if (text.value === '') report('role-value', text.span, `\`${field}\` has an empty value`, { hint: 'remove it' });
      else if (field === 'namespaces') checkNamespace(text, report);
      else if (field === 'ips') checkIpBlocks([text], report, true);
    }
  }
}

function checkProperty({ key, value }: Property, report: Report): void {
  const known = findPropertyKey(key.value);
  if (known === undefined || keyWithoutName(known, key.value)) {
    report('role-key', key.span, `no property is named \`${key.value}\``, { hint: hintForProperty(key.value) });
    return;
  }
  if (value.value === '')
    report('role-value', value.span, `property \`${key.value}\` has an empty value`, {
      hint: 'remove it, or write `*` for any value',
    });
  else if (key.value === 'source.ip') checkIpBlocks([value], report, true);
  else if (key.value === 'source.namespace') checkNamespace(value, report);
  else if (known.name === 'request.headers' && !isHeaderName(headerNameOf(key.value)))
    report('role-key', key.span, `\`${headerNameOf(key.value)}\` is not the name of a header`, {
      hint: 'write a name such as `request.headers[x-team]`',
    });
}

/** Upstream makes a regular expression of a namespace as it stands, so that `a|b` means something else than it seems (legacy reference section 2.8). */
function checkNamespace({ value, span }: Property['value'], report: Report): void {
  if (/^[-a-zA-Z0-9*]+$/.test(value)) return;
  report('role-value', span, `\`${value}\` is not a namespace, with or without \`*\``, {
    hint: 'write letters, digits and `-`; name several namespaces one by one',
  });
}
