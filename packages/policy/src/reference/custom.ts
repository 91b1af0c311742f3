import type { Inventory } from '../inventory/inventory.js';
import { flagEnabled } from '../resource/dialect.js';
import type { AuthorizationPolicy } from '../resource/model/index.js';
import type { EnvoyLayer } from './envoy-rule.js';

/**
 * Whether a CUSTOM policy has a say at this layer. In `upstream` an HTTP provider on a TCP port is passed over, which fails
 * open, unless it is one of several providers, which deny what they match (reference section 2.7).
 */
export function answersAt(
  inventory: Inventory,
  policies: readonly AuthorizationPolicy[],
  policy: AuthorizationPolicy,
  layer: EnvoyLayer,
): boolean {
  if (layer === 'http' || inventory.dialect.name === 'strict') return true;
  const providers = new Set(policies.filter(({ action }) => action === 'CUSTOM').map(({ provider }) => provider?.value));
  if (providers.size > 1 && !flagEnabled(inventory.dialect, 'PILOT_ENABLE_MULTIPLE_CUSTOM_AUTHZ_PROVIDERS')) return true;
  const provider = inventory.mesh.extensionProviders.find(({ name }) => name === policy.provider?.value);
  return provider?.type !== 'envoyExtAuthzHttp';
}
