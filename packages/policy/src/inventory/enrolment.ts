import type { Capture } from './inventory.js';
import { isTrueLabel, type Labels, ownValue } from './labels.js';

const modeLabel = 'istio.io/dataplane-mode';
const injectLabel = 'sidecar.istio.io/inject';

/** What decides whether a workload gets a ztunnel. */
interface Enrollable {
  readonly labels: Labels;
  readonly annotations: Labels;
  readonly hostNetwork: boolean;
}

/**
 * Whether a pod has a ztunnel, and if not, why (reference section 5.4). The annotation that the node agent leaves on an enrolled
 * pod counts as much as the labels that make it do so.
 */
export function captureOfPod(pod: Enrollable, namespaceLabels: Labels): Capture {
  if (pod.hostNetwork) return 'host-network';
  const mode = ownValue(pod.labels, modeLabel);
  if (mode === 'none' || isTrueLabel(ownValue(pod.annotations, 'ambient.istio.io/bypass-inbound-capture'))) return 'opted-out';
  if (ownValue(pod.annotations, 'sidecar.istio.io/status') !== undefined) return 'sidecar';
  if (ownValue(pod.annotations, 'ambient.istio.io/redirection') === 'enabled' || speaksHbone(pod)) return 'captured';
  if (isInjected(pod, namespaceLabels)) return 'sidecar';
  return (mode ?? ownValue(namespaceLabels, modeLabel)) === 'ambient' ? 'captured' : 'not-enrolled';
}

/** Whether a WorkloadEntry's machine has a ztunnel. */
export function captureOfWorkloadEntry(entry: Omit<Enrollable, 'hostNetwork'>, namespaceLabels: Labels): Capture {
  return captureOfPod({ ...entry, hostNetwork: false }, { [modeLabel]: ownValue(namespaceLabels, modeLabel) ?? '' });
}

function speaksHbone(object: Enrollable): boolean {
  return ownValue(object.labels, 'networking.istio.io/tunnel') === 'http';
}

function isInjected(pod: Enrollable, namespaceLabels: Labels): boolean {
  const wish = ownValue(pod.labels, injectLabel) ?? ownValue(pod.annotations, injectLabel);
  return wish === undefined ? ownValue(namespaceLabels, 'istio-injection') === 'enabled' : isTrueLabel(wish);
}
