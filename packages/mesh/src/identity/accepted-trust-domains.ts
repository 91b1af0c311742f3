import type { Inventory } from '@sallyport/policy';

/**
 * The trust domains whose peers a gate admits: the mesh's own and, in `strict`, its aliases (design: "trust-domain aliases at
 * ztunnel"; reference sections 3.8, 7.2).
 */
export function acceptedTrustDomains(inventory: Inventory): readonly string[] {
  const { trustDomain, trustDomainAliases } = inventory.mesh;
  return inventory.dialect.name === 'strict' ? [trustDomain, ...trustDomainAliases] : [trustDomain];
}
