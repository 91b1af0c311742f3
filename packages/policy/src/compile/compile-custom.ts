import type { GateBinding } from '../bind/binding.js';
import { ruleUsesL7 } from '../bind/l7-attribute.js';
import type { Inventory } from '../inventory/inventory.js';
import type { CustomLayer, CustomMatch } from '../reference/custom.js';
import type { Facts } from '../reference/facts.js';
import { trustDomainsOf } from '../reference/requirement.js';
import { resolvedInOrder } from '../reference/resolved-policy.js';
import { atEnvoy, atZtunnel } from './compile-policies.js';
import { compileTable } from './compile-table.js';
import { type CompileOptions, defaultOptions } from './options.js';
import type { CompiledRule } from './rule.js';
import type { Table } from './table.js';
import { Turn } from './turn.js';

/** The rules of the CUSTOM policies of one provider, in the order in which they are named. */
interface ProviderTable {
  readonly table: Table<Facts>;
  readonly matches: readonly CustomMatch[];
}

/**
 * Compiles the CUSTOM policies of a gate for one layer: the answer is the first rule of a provider that matches. At a ztunnel rules of
 * which only a part can be evaluated come before all others, as nobody may be asked about them.
 */
export function compileCustom(
  inventory: Inventory,
  binding: Pick<GateBinding, 'policies'>,
  layer: CustomLayer,
  options: CompileOptions = defaultOptions,
): (provider: string, facts: Facts) => CustomMatch | undefined {
  const byProvider = new Map<string, { match: CustomMatch; compiled: CompiledRule<Facts> }[]>();
  for (const resolved of resolvedInOrder(binding, trustDomainsOf(inventory.mesh))) {
    const { policy } = resolved;
    if (policy.action !== 'CUSTOM') continue;
    const provider = policy.provider?.value ?? '';
    const own = byProvider.get(provider) ?? [];
    byProvider.set(provider, own);
    for (const [place, rule] of resolved.rules.entries()) {
      const written = policy.rules[place];
      const compiled = layer === 'ztunnel' ? atZtunnel(inventory, resolved, rule) : atEnvoy(resolved, layer, rule);
      if (compiled === undefined || written === undefined) continue;
      const partial = layer === 'ztunnel' && ruleUsesL7(written);
      own.push({ match: { policy, rule: written.index, partial }, compiled });
    }
  }
  const tables = new Map<string, ProviderTable>();
  for (const [provider, own] of byProvider) {
    const ordered = [...own.filter(({ match }) => match.partial), ...own.filter(({ match }) => !match.partial)];
    const table = compileTable(
      ordered.map(({ compiled }) => compiled),
      options,
    );
    tables.set(provider, { table, matches: ordered.map(({ match }) => match) });
  }
  const turn = new Turn();
  return (provider, facts) => {
    const known = tables.get(provider);
    if (known === undefined) return undefined;
    const { table, matches } = known;
    turn.take();
    try {
      table.begin(facts);
      return matches[table.next(0, matches.length)];
    } finally {
      turn.leave();
    }
  };
}
