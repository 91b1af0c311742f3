import type { Controller, Pod, WorkloadEntry } from '../resource/model/index.js';
import { captureOfPod, captureOfWorkloadEntry } from './enrolment.js';
import { type ExpandedPod, expandControllers } from './expand-controllers.js';
import type { GatewayRoles } from './gateway-roles.js';
import type { Capture } from './inventory.js';
import { parseIpAddress } from './ip-address.js';
import { type Labels, ownValue } from './labels.js';
import { runAnnotation, type WorkloadDraft } from './workload-draft.js';

/** The manifests that workloads come from, each list in the order of names. */
export interface WorkloadSources {
  readonly pods: readonly Pod[];
  readonly controllers: readonly Controller[];
  readonly workloadEntries: readonly WorkloadEntry[];
  readonly gatewayRoles: GatewayRoles;
  readonly namespaceLabels: (namespace: string) => Labels;
}

/** Drafts of everything that runs, but for the gates that a folder only declares. */
export function collectWorkloads(sources: WorkloadSources): WorkloadDraft[] {
  return [
    ...sources.pods.map((pod) => asGate(draftOfPod(pod, sources), sources)),
    ...expandControllers(sources.controllers, sources.pods).map((pod) => asGate(draftOfExpanded(pod, sources), sources)),
    ...sources.workloadEntries.map((entry) => draftOfWorkloadEntry(entry, sources)),
  ];
}

function draftOfPod(pod: Pod, sources: WorkloadSources): WorkloadDraft {
  const { name, namespace, labels, annotations } = pod.metadata;
  const owner = pod.owner ?? { kind: 'Pod', name };
  return {
    kind: 'Pod',
    namespace,
    name,
    ownerName: owner.name,
    ownerKind: owner.kind === 'ReplicaSet' ? 'Deployment' : owner.kind,
    labels,
    annotations,
    serviceAccount: pod.spec.serviceAccountName,
    addresses: canonicalAddresses(pod.addresses),
    capture: captureOfPod({ labels, annotations, hostNetwork: pod.spec.hostNetwork }, sources.namespaceLabels(namespace)),
    ready: pod.ready,
    ports: pod.spec.ports,
    ...(pod.topology === undefined ? {} : { topology: pod.topology }),
    span: pod.span,
  };
}

function draftOfExpanded({ name, controller }: ExpandedPod, sources: WorkloadSources): WorkloadDraft {
  const { namespace } = controller.metadata;
  const { labels, annotations, spec, topology } = controller.template;
  const implied: Labels = controller.kind === 'StatefulSet' ? { 'statefulset.kubernetes.io/pod-name': name } : {};
  return {
    kind: 'Pod',
    namespace,
    name,
    ownerName: controller.metadata.name,
    ownerKind: controller.kind,
    labels: { ...labels, ...implied },
    annotations: { ...howToRun(controller), ...annotations },
    serviceAccount: spec.serviceAccountName,
    addresses: [],
    capture: captureOfPod({ labels, annotations, hostNetwork: spec.hostNetwork }, sources.namespaceLabels(namespace)),
    ready: true,
    ports: spec.ports,
    ...(topology === undefined ? {} : { topology }),
    span: controller.span,
  };
}

/** Written on the controller itself, this one annotation means its pods; on their template it comes first. */
function howToRun({ metadata }: Controller): Labels {
  const run = ownValue(metadata.annotations, runAnnotation);
  return run === undefined ? {} : { [runAnnotation]: run };
}

function draftOfWorkloadEntry(entry: WorkloadEntry, sources: WorkloadSources): WorkloadDraft {
  const { name, namespace, annotations } = entry.metadata;
  return {
    kind: 'WorkloadEntry',
    namespace,
    name,
    ownerName: name,
    ownerKind: 'WorkloadEntry',
    labels: entry.labels,
    annotations,
    serviceAccount: entry.serviceAccount,
    addresses: canonicalAddresses(entry.address === undefined ? [] : [entry.address]),
    ...(entry.network === undefined ? {} : { network: entry.network }),
    capture: captureOfWorkloadEntry({ labels: entry.labels, annotations }, sources.namespaceLabels(namespace)),
    ready: true,
    ports: Object.entries(entry.ports).map(([portName, port]) => ({ name: portName, port, protocol: 'TCP' })),
    span: entry.span,
  };
}

/** A pod that carries the name of a Gateway of ours is that gate's own; one of somebody else's waypoint stays an application. */
function asGate(draft: WorkloadDraft, { gatewayRoles }: WorkloadSources): WorkloadDraft {
  const gateway = gatewayRoles.gatewayOf(draft);
  if (gateway === undefined) return { ...draft, ...gatewayRoles.foreignWaypointOf(draft) };
  const capture: Capture = 'gateway';
  return { ...draft, kind: 'Gateway', capture, gateway };
}

function canonicalAddresses(written: readonly string[]): string[] {
  return [...new Set(written.flatMap((address) => parseIpAddress(address) ?? []))];
}
