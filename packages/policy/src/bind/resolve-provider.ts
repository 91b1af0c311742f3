import type { Inventory, ServiceInfo } from '../inventory/inventory.js';
import { flagEnabled } from '../resource/dialect.js';
import type { AuthorizationPolicy, Authorizer } from '../resource/model/index.js';

/** The authorizer that a CUSTOM policy names, or why it cannot be asked: then the policy denies what it matches. */
export type ProviderResolution =
  | { readonly kind: 'found'; readonly provider: Authorizer; readonly service: ServiceInfo }
  | { readonly kind: 'unusable'; readonly detail: string };

/** Looks a provider up in MeshConfig, and its service in the mesh (reference section 2.7). */
export function resolveProvider(inventory: Inventory, name: string): ProviderResolution {
  const provider = inventory.mesh.extensionProviders.find((candidate) => candidate.name === name);
  if (provider === undefined) return unusable(`MeshConfig has no extension provider \`${name}\``);
  if (provider.type === 'other') return unusable(`extension provider \`${name}\` is no external authorizer`);
  const service = serviceOf(inventory, provider);
  if (service === undefined) return unusable(`service \`${provider.service}\` of provider \`${name}\` is not in the mesh`);
  if (!service.ports.some(({ port }) => port === provider.port)) {
    return unusable(`service \`${provider.service}\` of provider \`${name}\` has no port ${provider.port}`);
  }
  return { kind: 'found', provider, service };
}

/** Names of the providers that the CUSTOM policies of a gate ask, in the order in which they are asked. */
export function providersAsked(policies: readonly AuthorizationPolicy[]): readonly string[] {
  const named = policies.flatMap(({ action, provider }) => (action === 'CUSTOM' ? [provider?.value ?? ''] : []));
  return [...new Set(named)].sort();
}

/** Whether a gate may ask more than one provider; otherwise two of them close whatever their policies match. */
export function severalProvidersWork({ dialect }: Inventory): boolean {
  return flagEnabled(dialect, 'PILOT_ENABLE_MULTIPLE_CUSTOM_AUTHZ_PROVIDERS');
}

/** `NAMESPACE/HOSTNAME`, or a hostname that only one namespace has. */
function serviceOf({ servicesByHostname }: Inventory, { service }: Authorizer): ServiceInfo | undefined {
  const slash = service.indexOf('/');
  const named = servicesByHostname.get(service.slice(slash + 1).toLowerCase()) ?? [];
  if (slash < 0) return named.length === 1 ? named[0] : undefined;
  return named.find(({ namespace }) => namespace === service.slice(0, slash));
}

function unusable(detail: string): ProviderResolution {
  return { kind: 'unusable', detail };
}
