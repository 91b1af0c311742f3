import type { Diagnostic } from '../diagnostic/diagnostic.js';
import type { Inventory } from '../inventory/inventory.js';

/**
 * RBAC that is on for whatever a namespace or the mesh will hold: a Service that is added later was closed, and is open now until a policy selects it
 * (legacy reference sections 2.1 and 4.1). A policy without rules for all would close also what no Service leads to, which RBAC never governed.
 */
export function laterServices({ rbacConfigs }: Inventory): readonly Diagnostic[] {
  const config = rbacConfigs.find(({ metadata }) => metadata.name === 'default');
  if (config === undefined || config.mode === 'OFF') return [];
  const { mode, inclusion, metadata } = config;
  if (mode === 'ON_WITH_INCLUSION' && (inclusion?.namespaces ?? []).length === 0) return [];
  return [
    {
      code: 'migrate-later-services',
      kind: 'finding',
      severity: 'warning',
      message: 'RBAC governed Services that are added later, too; the policies are for those of these manifests',
      span: metadata.nameSpan,
      hint: 'before you add one, write an AuthorizationPolicy without rules that selects its workloads',
    },
  ];
}
