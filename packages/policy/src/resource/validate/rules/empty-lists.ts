import type { Fields } from '../../decode/fields.js';
import type { PolicyRule } from './policy-rule.js';

/**
 * In `strict` no list of a rule is empty. An empty one is as if it were not there (reference section 1.3, E13 and E14): a template of which
 * nothing came out would make the rule match everything that the list was to narrow down.
 */
export const refuseEmptyLists: PolicyRule = ({ strict, writtenRules }) => {
  if (!strict) return;
  for (const rule of writtenRules) {
    refuseEmpty(rule, ['from', 'to', 'when']);
    for (const entry of [...rule.fieldsList('from'), ...rule.fieldsList('to')])
      refuseEmptyBesideOthers(entry.fields('source') ?? entry.fields('operation'));
    for (const condition of rule.fieldsList('when')) refuseEmptyBesideOthers(condition);
  }
};

/** A source, operation or condition that has nothing but empty lists is reported for that. */
function refuseEmptyBesideOthers(fields: Fields | undefined): void {
  const names = [...(fields?.node.entries.keys() ?? [])].filter((name) => name !== 'key');
  if (names.some((name) => !isEmpty(fields, name))) refuseEmpty(fields, names);
}

/** Reports, in `strict`, those of the lists that are written and empty. */
export function refuseEmpty(fields: Fields | undefined, names: readonly string[]): void {
  if (fields?.context.dialect.name !== 'strict') return;
  for (const name of names) {
    if (isEmpty(fields, name)) reportEmpty(fields, name);
  }
}

/** Reports something that is written and empty. */
export function reportEmpty(fields: Fields, name: string): void {
  fields.report('empty-list', fields.spanOf(name), `\`${name}\` is empty, which counts as if it were not written`, {
    hint: 'remove it, or write what it should hold',
  });
}

function isEmpty(fields: Fields | undefined, name: string): boolean {
  const value = fields?.node.entries.get(name)?.value;
  return value?.kind === 'sequence' && value.items.length === 0;
}
