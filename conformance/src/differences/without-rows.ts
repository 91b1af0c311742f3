import type { GateBinding, Inventory, MeshConfig, Verdict } from '@sallyport/policy';
import { gateAsked } from '../recorded/gate-asked.js';
import type { Query } from '../recorded/recorded-case.js';
import type { DialectRow } from './dialect-rows.js';

/**
 * What a gate would answer if nothing of these rows were in its mesh: policies lose the rules that a row is about, or are gone. CUSTOM
 * policies always are at L7 gates: what an authorizer answered is the same in both dialects.
 */
export function verdictWithout(rows: readonly DialectRow[], inventory: Inventory, query: Query): Verdict {
  const asked = gateAsked(rows.some(({ aliases }) => aliases) ? withoutAliases(inventory) : inventory, query);
  return asked.decide(reduced(rows, asked.binding, inventory.mesh));
}

function withoutAliases(inventory: Inventory): Inventory {
  return { ...inventory, mesh: { ...inventory.mesh, trustDomainAliases: [] } };
}

function reduced(rows: readonly DialectRow[], binding: GateBinding, mesh: MeshConfig): GateBinding {
  const at = binding.gate === 'ztunnel' ? 'ztunnel' : 'l7';
  const policies = binding.policies.flatMap((bound) => {
    if (at === 'l7' && bound.policy.action === 'CUSTOM') return [];
    const policy = rows.reduce<typeof bound.policy | undefined>(
      (left, row) => (left === undefined || row.without === undefined ? left : row.without(left, at, mesh)),
      bound.policy,
    );
    return policy === undefined ? [] : [{ ...bound, policy }];
  });
  const kept = new Set(policies.map(({ policy }) => policy));
  const untouched = (policy: GateBinding['closures'][number]['policy']) =>
    policy.kind !== 'AuthorizationPolicy' || kept.has(policy) || !binding.policies.some((bound) => bound.policy === policy);
  const closures = binding.closures.filter(({ policy }) => untouched(policy));
  const bare = { ...binding, policies, closures };
  const open = bare.gate === 'ztunnel' && rows.some(({ mutualTls }) => mutualTls);
  return open ? { ...bare, mtls: { mode: 'PERMISSIVE', ports: new Map() } } : bare;
}
