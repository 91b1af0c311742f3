import type { Fields } from '../../decode/fields.js';
import type { PolicyRule } from './policy-rule.js';

const maximumEntries = 512;

/** Lists are bounded, and no entry of `from` or `to` is empty (reference sections 1.2 and 1.3, E12 to E20). */
export const checkEntries: PolicyRule = ({ spec, writtenRules }) => {
  spec?.limit('rules', maximumEntries);
  for (const rule of writtenRules) {
    rule.limit('from', maximumEntries);
    for (const from of rule.fieldsList('from')) checkEntry(from, 'source');
    for (const to of rule.fieldsList('to')) checkEntry(to, 'operation');
  }
};

function checkEntry(entry: Fields, name: 'source' | 'operation'): void {
  const inner = entry.fields(name);
  const hint = `add a field, or remove the entry: a rule without \`${name === 'source' ? 'from' : 'to'}\` matches any ${name}`;
  if (!entry.has(name)) entry.report('empty-entry', entry.span, `this entry has no \`${name}\``, { hint });
  else if (inner !== undefined && isEmpty(inner))
    entry.report('empty-entry', entry.spanOf(name), `\`${name}\` is empty`, { hint });
}

/** Without fields, or with empty lists only, which say nothing. */
function isEmpty(fields: Fields): boolean {
  return [...fields.node.entries.values()].every(({ value }) => value.kind === 'sequence' && value.items.length === 0);
}
