/**
 * Whether this is a workload identity in the one spelling that is ever issued: `spiffe://TRUST-DOMAIN/ns/NAMESPACE/sa/SERVICE-ACCOUNT`
 * (reference section 7.2).
 */
export function isWorkloadIdentity(identity: string): boolean {
  return /^spiffe:\/\/[a-z0-9._-]+\/ns\/[a-z0-9.-]+\/sa\/[a-z0-9.-]+$/.test(identity) && identity.length <= 2048;
}
