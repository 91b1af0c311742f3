import type { Reporter } from '../diagnostic/reporter.js';
import type { Gateway, MeshConfig, ResourceSet } from '../resource/model/index.js';
import { collectWorkloads } from './collect-workloads.js';
import { type GatewayRoles, gatewayKey } from './gateway-roles.js';
import { draftOfGateway } from './gateway-workload.js';
import { LabelIndex, type Labels, ownValue } from './labels.js';
import { networkLabel } from './networks.js';
import type { PolicyAddresses } from './policy-addresses.js';
import { selectResources } from './select-resources.js';
import type { GrowingWorkload } from './service-builder.js';
import { type KeyedDraft, keyDrafts, runAnnotation, type WorkloadDraft } from './workload-draft.js';

interface Context {
  readonly gatewayResources: readonly Gateway[];
  readonly gatewayRoles: GatewayRoles;
  readonly namespaceLabels: (namespace: string) => Labels;
  readonly addresses: PolicyAddresses;
  readonly reporter: Reporter;
}

/** All workloads with their indexes; gates that only a Gateway declares are among them. */
export interface BuiltWorkloads {
  readonly workloads: LabelIndex<GrowingWorkload>;
  readonly workloadByKey: ReadonlyMap<string, GrowingWorkload>;
  readonly workloadByAddress: ReadonlyMap<string, GrowingWorkload>;
  /** The pods of a Gateway, by its key, in the order of names. */
  readonly gates: ReadonlyMap<string, readonly GrowingWorkload[]>;
}

/** Every workload of the set, with unique key, policy address and identity. */
export function buildWorkloads(set: ResourceSet, context: Context): BuiltWorkloads {
  const drafts = collectWorkloads({
    pods: selectResources(set, 'Pod'),
    controllers: selectResources(set, 'Deployment', 'StatefulSet', 'DaemonSet'),
    workloadEntries: selectResources(set, 'WorkloadEntry'),
    gatewayRoles: context.gatewayRoles,
    namespaceLabels: context.namespaceLabels,
  });
  const keyed = keyDrafts([...drafts, ...declaredGates(drafts, context)], (draft, first) =>
    reportDuplicate(draft, first, context),
  );
  const addressOwners = claimAddresses(keyed, context);
  return index(
    keyed.map(({ key, draft }) => finish(key, draft, set.meshConfig, context)),
    addressOwners,
  );
}

function declaredGates(drafts: readonly WorkloadDraft[], { gatewayResources, gatewayRoles }: Context): WorkloadDraft[] {
  const running = new Set(drafts.map((draft) => draft.gateway));
  return gatewayResources
    .filter((gateway) => !running.has(gatewayKey(gateway)))
    .map((gateway) => draftOfGateway(gateway, gatewayRoles.roleOf(gateway)));
}

function reportDuplicate(draft: WorkloadDraft, first: WorkloadDraft, { reporter }: Context): void {
  if (draft.kind === 'Gateway') return;
  reporter.report(
    'duplicate-workload',
    draft.span,
    `another workload is called \`${draft.name}\` in namespace \`${draft.namespace}\` already`,
    {
      hint: 'give one of them another name',
      related: [{ message: 'the other one', span: first.span }],
    },
  );
}

/** Which draft an address leads to: a ready one before others, one on the pod network before one on the host's. */
function claimAddresses(keyed: readonly KeyedDraft[], context: Context): ReadonlyMap<string, string> {
  const owners = new Map<string, KeyedDraft>();
  for (const candidate of [...keyed].sort((a, b) => precedence(a.draft) - precedence(b.draft))) {
    for (const address of candidate.draft.addresses) {
      context.addresses.declare(address);
      const owner = owners.get(address);
      if (owner === undefined) owners.set(address, candidate);
      else if (precedence(candidate.draft) === 0) reportSharedAddress(address, candidate.draft, owner.draft, context);
    }
  }
  return new Map([...owners].map(([address, owner]) => [address, owner.key]));
}

function precedence({ capture, ready }: WorkloadDraft): number {
  return (capture === 'host-network' ? 2 : 0) + (ready ? 0 : 1);
}

function reportSharedAddress(address: string, draft: WorkloadDraft, owner: WorkloadDraft, { reporter }: Context): void {
  reporter.report(
    'duplicate-address',
    draft.span,
    `address \`${address}\` belongs to \`${owner.namespace}/${owner.name}\` as well`,
    {
      hint: 'give each workload an address of its own: traffic to this one reaches the first by name only',
      related: [{ message: 'the other workload', span: owner.span }],
    },
  );
}

function finish(key: string, draft: WorkloadDraft, mesh: MeshConfig, { addresses, namespaceLabels }: Context): GrowingWorkload {
  const declared = draft.addresses;
  const [address = addresses.derive('workload', key)] = declared;
  const ports = draft.ports.filter((port) => port.protocol === 'TCP');
  const run = ownValue(draft.annotations, runAnnotation);
  return {
    key,
    kind: draft.kind,
    namespace: draft.namespace,
    name: draft.name,
    ownerName: draft.ownerName,
    ownerKind: draft.ownerKind,
    labels: draft.labels,
    annotations: draft.annotations,
    serviceAccount: draft.serviceAccount,
    identity: `spiffe://${mesh.trustDomain}/ns/${draft.namespace}/sa/${draft.serviceAccount}`,
    address,
    addresses: declared.length > 0 ? declared : [address],
    capture: draft.capture,
    network: draft.network ?? networkLabel(draft.labels) ?? networkLabel(namespaceLabels(mesh.rootNamespace)) ?? '',
    ready: draft.ready,
    ports: [...new Set(ports.map(({ port }) => port))],
    portsByName: Object.fromEntries(ports.flatMap(({ name, port }) => (name === undefined ? [] : [[name, port]]))),
    ...(run === undefined ? {} : { run }),
    ...(draft.gateway === undefined ? {} : { gateway: draft.gateway }),
    ...(draft.applicationTunnel === undefined ? {} : { applicationTunnel: draft.applicationTunnel }),
    ...(draft.topology === undefined ? {} : { topology: draft.topology }),
    span: draft.span,
  };
}

function index(workloads: readonly GrowingWorkload[], addressOwners: ReadonlyMap<string, string>): BuiltWorkloads {
  const byAddress = new Map<string, GrowingWorkload>();
  const gates = new Map<string, GrowingWorkload[]>();
  for (const workload of workloads) {
    for (const address of workload.addresses) {
      if ((addressOwners.get(address) ?? workload.key) === workload.key) byAddress.set(address, workload);
    }
    if (workload.gateway !== undefined) gates.set(workload.gateway, [...(gates.get(workload.gateway) ?? []), workload]);
  }
  return {
    workloads: new LabelIndex(workloads),
    workloadByKey: new Map(workloads.map((workload) => [workload.key, workload])),
    workloadByAddress: byAddress,
    gates,
  };
}
