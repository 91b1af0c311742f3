import type { Facts } from '../../reference/facts.js';
import type { ResolvedRule } from '../../reference/requirement.js';
import { type ZtunnelClause, type ZtunnelContext, ztunnelClauses } from '../../reference/ztunnel-clauses.js';
import type { CompiledRule, Conjunction } from '../rule.js';
import { literalOf } from './literals.js';

/** A rule as a ztunnel reads it (reference sections 4.2 and 4.3). Undefined for a rule that never matches. */
export function ztunnelRule(rule: ResolvedRule, context: ZtunnelContext): CompiledRule<Facts> | undefined {
  const clauses = ztunnelClauses(rule, context);
  return clauses && { groups: clauses.map((clause) => alternatives(clause, context)) };
}

/** `upstream`: a match of which nothing is left never holds; `strict`: it does. */
function alternatives(clause: ZtunnelClause, context: ZtunnelContext): readonly Conjunction<Facts>[] {
  const matches = context.dialect === 'strict' ? clause : clause.filter((match) => match.length > 0);
  const { namespace } = context;
  return matches.map((match) => match.map((one) => literalOf(one, { gate: 'ztunnel', namespace, whenAwaited: false })));
}
