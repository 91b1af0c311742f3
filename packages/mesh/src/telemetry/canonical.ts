import type { Workload } from '@sallyport/policy';

/** The cluster that every workload of a mesh is in: a folder stands in for one, under the name that a cluster has by default (reference section 6.4). */
export const clusterId = 'Kubernetes';

/** Istio's canonical service: its own label, the recommended one, `app`, else the owner's name. */
export function canonicalName(workload: Workload): string {
  const { labels } = workload;
  return labels['service.istio.io/canonical-name'] ?? labels['app.kubernetes.io/name'] ?? labels.app ?? workload.ownerName;
}

/** Istio's canonical revision: its own label, the recommended one, `version`, else `latest`. */
export function canonicalRevision({ labels }: Workload): string {
  return labels['service.istio.io/canonical-revision'] ?? labels['app.kubernetes.io/version'] ?? labels.version ?? 'latest';
}
