import type { AccessField, AccessRule, Constraint } from '../../model/rbac.js';
import type { Report } from '../report.js';
import { checkIpBlocks } from '../values/ip-blocks.js';
import { checkRolePorts } from '../values/role-ports.js';
import { findConstraintKey, headerNameOf, hintForConstraint, isHeaderName, keyWithoutName } from './role-keys.js';

/** Checks the rules of a role, or the `actions` of a binding (legacy reference section 1.3); `strict` looks into keys and values too. */
export function checkAccessRules(rules: readonly AccessRule[], strict: boolean, report: Report): void {
  for (const rule of rules) {
    checkOpposites(rule, 'methods', report);
    checkOpposites(rule, 'ports', report);
    checkPortRange(rule, report);
    for (const constraint of rule.constraints) {
      checkConstraint(constraint, rule, report);
      if (strict && constraint.key.value !== '') checkSupported(constraint, report);
    }
    if (strict) {
      checkRepeats(rule, report);
      checkEmptyValues(rule, report);
    }
  }
}

function checkOpposites({ terms }: AccessRule, field: AccessField, report: Report): void {
  const negated = terms.find((term) => term.field === field && term.negated);
  if (negated === undefined || !terms.some((term) => term.field === field && !term.negated)) return;
  report('role-opposite-fields', negated.span, `a rule has both \`${field}\` and its negation`, {
    hint: 'keep one of the two, or write two rules',
  });
}

function checkPortRange({ terms }: AccessRule, report: Report): void {
  for (const { value, span } of terms.filter(({ field }) => field === 'ports').flatMap(({ values }) => values)) {
    if (Number(value) >= 1 && Number(value) <= 65_535) continue;
    report('role-port', span, `\`${value}\` is not a port`, { hint: 'write a number from 1 to 65535' });
  }
}

function checkConstraint({ key, values, span }: Constraint, { terms }: AccessRule, report: Report): void {
  if (key.value === '')
    report('constraint-incomplete', span, 'a constraint has no key', { hint: 'name the attribute that it looks at' });
  if (values.length === 0)
    report('constraint-incomplete', span, `constraint \`${key.value}\` has no value`, {
      hint: 'write the values that the attribute may have',
    });
  if (key.value === 'destination.port' && terms.some(({ field }) => field === 'ports'))
    report('role-attribute-twice', key.span, '`destination.port` and the field for ports say the same twice', {
      hint: 'keep one of the two',
    });
}

/** What upstream would drop in silence, so that the rule widens (legacy reference section 3). */
function checkSupported(constraint: Constraint, report: Report): void {
  const { key, values } = constraint;
  const known = findConstraintKey(key.value);
  if (known === undefined || keyWithoutName(known, key.value)) {
    report('role-key', key.span, `no constraint is named \`${key.value}\``, { hint: hintForConstraint(key.value) });
    return;
  }
  if (key.value === 'destination.ip') checkIpBlocks(values, report, true);
  else if (key.value === 'destination.port') checkRolePorts(values, report);
  else if (known.name === 'request.headers' && !isHeaderName(headerNameOf(key.value)))
    report('role-key', key.span, `\`${headerNameOf(key.value)}\` is not the name of a header`, {
      hint: 'write a name such as `request.headers[x-team]`',
    });
}

/** Envoy takes an empty text for any text (legacy reference section 2.6). */
function checkEmptyValues({ services, terms, constraints }: AccessRule, report: Report): void {
  const lists = [services, ...terms.map(({ values }) => values), ...constraints.map(({ values }) => values)];
  for (const { value, span } of lists.flat()) {
    if (value === '') report('role-value', span, 'a rule has an empty value', { hint: 'remove it, or write `*` for any value' });
  }
}

function checkRepeats({ constraints }: AccessRule, report: Report): void {
  const seen = new Map<string, Constraint>();
  for (const constraint of constraints) {
    const { key } = constraint;
    const earlier = seen.get(key.value);
    seen.set(key.value, constraint);
    if (earlier === undefined) continue;
    report('constraint-repeated', key.span, `constraint \`${key.value}\` stands twice in one rule`, {
      hint: 'join the values in one constraint, or write two rules; upstream keeps the last only',
      related: [{ message: 'first written here', span: earlier.key.span }],
    });
  }
}
