import type { RoleAttribute, RoleClause, Wanted } from '../../legacy/clause.js';
import type { ReadRole } from '../../legacy/read-roles.js';
import { wireText } from '../../reference/wire-text.js';
import type { Pattern } from '../pattern.js';
import type { CompiledRule, Conjunction, Literal } from '../rule.js';
import { itemPattern, textPattern } from '../rules/metadata-dimension.js';
import { presentPattern } from '../rules/string-patterns.js';
import { regularParts } from './regular-parts.js';
import { type RoleSubject, roleDimension } from './role-dimension.js';

/** A role: what it grants is one group, and to whom the other, both in the order of the text (legacy reference section 2). */
export function roleRule({ permissions, principals }: ReadRole): CompiledRule<RoleSubject> {
  return { groups: [permissions, principals].map((group) => group.map(({ clauses }) => conjunctionOf(clauses))) };
}

/** What always holds is left out, and what never does stays a question without a pattern. */
function conjunctionOf(clauses: readonly RoleClause[]): Conjunction<RoleSubject> {
  return clauses.flatMap(({ attribute, negated, wanted }): Literal<RoleSubject>[] => {
    const isAlways = wanted.some(({ kind }) => kind === 'anything');
    if (isAlways && !negated) return [];
    const dimension = roleDimension(attribute);
    if (isAlways) return [{ dimension, negated: false, patterns: [], whenAwaited: false }];
    return [{ dimension, negated, patterns: wanted.flatMap((each) => patternsOf(attribute, each)), whenAwaited: true }];
  });
}

function patternsOf(attribute: RoleAttribute, wanted: Wanted): readonly Pattern[] {
  switch (wanted.kind) {
    case 'anything':
      return [];
    case 'range':
      return [{ kind: 'range', range: wanted.range }];
    case 'number':
      return Number.isNaN(wanted.value) ? [] : [{ kind: 'number', value: wanted.value }];
    case 'header':
      return [presentPattern(wanted.value === '' ? '*' : wireText(wanted.value))];
    case 'item': {
      const pattern = presentPattern(wanted.value);
      return [attribute.kind === 'awaited' ? itemPattern(pattern) : pattern];
    }
    case 'text': {
      const pattern = prefixed(wanted.prefix ?? '', wanted.value);
      return [attribute.kind === 'awaited' ? textPattern(pattern) : pattern];
    }
    default: {
      const alternatives = regularParts(wanted.expression);
      if (alternatives === undefined) return [{ kind: 'test', test: wanted.matches }];
      return alternatives.map((parts) => ({ kind: 'parts', parts }));
    }
  }
}

/** As in `stringMatcher`: the prefix is that of all values but `*`. */
function prefixed(prefix: string, value: string): Pattern {
  const pattern = presentPattern(value);
  return value !== '*' && 'text' in pattern ? { ...pattern, text: prefix + pattern.text } : pattern;
}
