import type { ReferenceGrant } from '../resource/model/index.js';

/** A route or Gateway that names an object of another namespace. */
export interface Referrer {
  readonly kind: string;
  readonly metadata: { readonly namespace: string };
}

/** What it names. */
export interface Referred {
  readonly group: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

const gatewayGroup = 'gateway.networking.k8s.io';

/**
 * Whether an object may name another one: those of its own namespace it may, others by a ReferenceGrant of theirs. Only Services and Secrets
 * can be granted, as upstream knows no other kind that is built here.
 */
export function isGranted(
  grants: readonly ReferenceGrant[],
  { kind, metadata: { namespace } }: Referrer,
  referred: Referred,
): boolean {
  if (referred.namespace === namespace) return true;
  if (referred.group !== '') return false;
  return grants.some(
    ({ metadata, from, to }) =>
      metadata.namespace === referred.namespace &&
      from.some((who) => who.group === gatewayGroup && who.kind === kind && who.namespace === namespace) &&
      to.some((what) => what.group === '' && what.kind === referred.kind && (what.name ?? referred.name) === referred.name),
  );
}
