import type { ServiceInfo, Workload } from '@sallyport/policy';
import type { ConnectionInfo } from './access-log.js';
import { canonicalName, canonicalRevision, clusterId } from './canonical.js';
import type { ResponseFlags } from './response-flags.js';

/** The labels that TCP and HTTP metrics of Istio share. */
export const sharedLabelNames = [
  'reporter',
  'source_workload',
  'source_canonical_service',
  'source_canonical_revision',
  'source_workload_namespace',
  'source_principal',
  'source_app',
  'source_version',
  'source_cluster',
  'destination_service',
  'destination_service_namespace',
  'destination_service_name',
  'destination_workload',
  'destination_canonical_service',
  'destination_canonical_revision',
  'destination_workload_namespace',
  'destination_principal',
  'destination_app',
  'destination_version',
  'destination_cluster',
  'request_protocol',
  'response_flags',
  'connection_security_policy',
] as const;

/** The labels of Istio's TCP metrics (reference section 7.11). */
export const connectionLabelNames = [
  ...sharedLabelNames,
  'source_region',
  'source_zone',
  'destination_region',
  'destination_zone',
] as const;

export type ConnectionLabel = (typeof connectionLabelNames)[number];

const unknown = 'unknown';

/** The labels of one connection; what is not known is `unknown`. Security is what the reporting gate itself saw. */
export function connectionLabels(connection: ConnectionInfo, flags: ResponseFlags): Record<ConnectionLabel, string> {
  const { source, destination, direction } = connection;
  return {
    reporter: direction === 'inbound' ? 'destination' : 'source',
    ...workloadLabels('source', source.workload, source.identity),
    ...serviceLabels(destination.service),
    ...workloadLabels('destination', destination.workload, destination.identity),
    request_protocol: 'tcp',
    response_flags: flags,
    connection_security_policy: destination.hboneAddress === undefined ? unknown : 'mutual_tls',
  };
}

/** The labels that name a service, shared by TCP and HTTP metrics. */
export function serviceLabels(service: ServiceInfo | undefined) {
  return {
    destination_service: service?.hostname ?? unknown,
    destination_service_namespace: service?.namespace ?? unknown,
    destination_service_name: service?.name ?? unknown,
  };
}

/** The labels that name a workload on one side, shared by TCP and HTTP metrics. App and version are the canonical ones, as at ztunnel. */
export function workloadLabels<Side extends 'source' | 'destination'>(
  side: Side,
  workload: Workload | undefined,
  identity: string | undefined,
): WorkloadLabels<Side> {
  const service = workload === undefined ? unknown : canonicalName(workload);
  const revision = workload === undefined ? unknown : canonicalRevision(workload);
  const labels = {
    [`${side}_workload`]: workload?.ownerName ?? unknown,
    [`${side}_canonical_service`]: service,
    [`${side}_canonical_revision`]: revision,
    [`${side}_workload_namespace`]: workload?.namespace ?? unknown,
    [`${side}_principal`]: identity ?? unknown,
    [`${side}_app`]: service,
    [`${side}_version`]: revision,
    [`${side}_cluster`]: workload === undefined ? unknown : clusterId,
    [`${side}_region`]: unknown,
    [`${side}_zone`]: unknown,
  };
  return labels as WorkloadLabels<Side>;
}

/** Labels of one side, without the service's. */
type WorkloadLabels<Side extends 'source' | 'destination'> = Record<
  Exclude<Extract<ConnectionLabel, `${Side}_${string}`>, `destination_service${string}`>,
  string
>;
