import { assertNever } from '../../assert-never.js';
import type { Inventory } from '../../inventory/inventory.js';
import type { ClusterRbacConfig, RbacConfig, RbacTarget } from '../../resource/model/index.js';

/**
 * What turns RBAC of the older generation on for a service; undefined where it is off (legacy reference section 2.1). A
 * ClusterRbacConfig named `default` decides, else the first RbacConfig of that name. A service without a namespace is never governed.
 */
export function rbacSwitch(
  { rbacConfigs }: Inventory,
  { host, namespace }: { readonly host: string; readonly namespace: string },
): ClusterRbacConfig | RbacConfig | undefined {
  const config = rbacConfigs.find(({ metadata }) => metadata.name === 'default');
  return config !== undefined && namespace !== '' && isOn(config, host, namespace) ? config : undefined;
}

function isOn({ mode, inclusion, exclusion }: ClusterRbacConfig | RbacConfig, host: string, namespace: string): boolean {
  switch (mode) {
    case 'OFF':
      return false;
    case 'ON':
      return true;
    case 'ON_WITH_INCLUSION':
      return names(inclusion, host, namespace);
    case 'ON_WITH_EXCLUSION':
      return !names(exclusion, host, namespace);
    default:
      return assertNever(mode);
  }
}

/** Exact names only: no wildcards, no short names of services. */
function names(target: RbacTarget | undefined, host: string, namespace: string): boolean {
  if (target === undefined) return false;
  return target.services.some(({ value }) => value === host) || target.namespaces.some(({ value }) => value === namespace);
}
