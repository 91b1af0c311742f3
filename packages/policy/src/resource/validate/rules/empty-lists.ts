import type { Fields } from '../../decode/fields.js';
import type { PolicyRule } from './policy-rule.js';

/**
 * In `strict` no list of a rule is empty. An empty one is as if it were not there (reference section 1.3, E13 and E14): a template of which
 * nothing came out would make the rule match everything that the list was to narrow down.
 */
export const refuseEmptyLists: PolicyRule = ({ strict, writtenRules }) => {
  if (!strict) return;
  for (const rule of writtenRules) {
    refuse(rule, ['from', 'to', 'when']);
    for (const entry of [...rule.fieldsList('from'), ...rule.fieldsList('to')])
      refuseIn(entry.fields('source') ?? entry.fields('operation'));
    for (const condition of rule.fieldsList('when')) refuseIn(condition);
  }
};

/** A source, operation or condition that has nothing but empty lists is reported for that. */
function refuseIn(fields: Fields | undefined): void {
  const names = [...(fields?.node.entries.keys() ?? [])].filter((name) => name !== 'key');
  if (names.some((name) => !isEmptyList(fields, name))) refuse(fields, names);
}

function refuse(fields: Fields | undefined, names: readonly string[]): void {
  for (const name of names) {
    if (!isEmptyList(fields, name)) continue;
    fields?.report(
      'empty-list',
      fields.spanOf(name),
      `\`${name}\` is an empty list, which leaves the rule as if it were not there`,
      {
        hint: 'remove it, or write what it should hold',
      },
    );
  }
}

function isEmptyList(fields: Fields | undefined, name: string): boolean {
  const value = fields?.node.entries.get(name)?.value;
  return value?.kind === 'sequence' && value.items.length === 0;
}
