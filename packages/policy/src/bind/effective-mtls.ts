import type { Inventory, Workload } from '../inventory/inventory.js';
import { append, matchesLabels } from '../inventory/labels.js';
import { memoized } from '../inventory/memoized.js';
import type { MtlsMode, PeerAuthentication } from '../resource/model/index.js';
import type { EffectiveMtls } from './binding.js';

type Mode = EffectiveMtls['mode'];
type Ports = ReadonlyMap<number, { readonly mode: Mode; readonly policy: PeerAuthentication }>;

interface Layers {
  readonly mesh?: PeerAuthentication | undefined;
  readonly namespace?: PeerAuthentication | undefined;
  readonly workload?: PeerAuthentication | undefined;
  /** A selector in the root namespace: upstream ignores it, `strict` lets it close but never open. */
  readonly rootWorkload?: PeerAuthentication | undefined;
}

interface ModeWithPolicy {
  readonly mode: Mode;
  readonly policy?: PeerAuthentication;
}

/**
 * Whether a ztunnel admits plaintext for a workload, and on which ports it differs (reference section 7.9). The oldest object
 * of each scope wins; workload beats namespace beats mesh, UNSET inherits. `upstream` repeats the three oddities of that section; in `strict`
 * the port-level mode always wins, and STRICT anywhere in the root namespace admits no plaintext.
 */
export function effectiveMtls(inventory: Inventory, workload: Workload): EffectiveMtls {
  const layers = layersFor(inventory, workload);
  const parent = inherit(inherit({ mode: 'PERMISSIVE' }, layers.mesh), layers.namespace);
  const base = inherit(parent, layers.workload);
  const ports = inventory.dialect.name === 'strict' ? portsOf(layers.workload) : upstreamPorts(layers, parent.mode);
  return tighten({ ...base, ports: differing(ports, base.mode) }, layers);
}

function inherit(parent: ModeWithPolicy, policy: PeerAuthentication | undefined): ModeWithPolicy {
  return policy === undefined || policy.mode === 'UNSET' ? parent : { mode: modeOf(policy.mode), policy };
}

/** DISABLE and PERMISSIVE are the same at a ztunnel. */
function modeOf(mode: MtlsMode): Mode {
  return mode === 'STRICT' ? 'STRICT' : 'PERMISSIVE';
}

function portsOf(policy: PeerAuthentication | undefined): Ports {
  if (policy === undefined) return new Map();
  return new Map(
    policy.portLevel.filter(({ mode }) => mode !== 'UNSET').map(({ port, mode }) => [port, { mode: modeOf(mode), policy }]),
  );
}

function differing(ports: Ports, mode: Mode): Ports {
  return new Map([...ports].filter(([, port]) => port.mode !== mode));
}

/** Oddities (b) and (c): which of the port-level modes reach a ztunnel of Istio. */
function upstreamPorts({ mesh, namespace, workload }: Layers, parent: Mode): Ports {
  if (workload === undefined) return new Map();
  // (b) Under an inherited STRICT a DISABLE exception is lost unless a PERMISSIVE one stands beside it.
  if (workload.mode === 'UNSET' && parent === 'STRICT' && !workload.portLevel.some(({ mode }) => mode === 'PERMISSIVE'))
    return new Map();
  // (c) A STRICT mesh makes the STRICT ports of a permissive workload vanish where the namespace says nothing.
  const lost = workload.mode !== 'STRICT' && mesh?.mode === 'STRICT' && (namespace?.mode ?? 'UNSET') === 'UNSET';
  return new Map([...portsOf(workload)].filter(([, port]) => !(lost && port.mode === 'STRICT')));
}

/** Applies what a selector in the root namespace closes, unless the workload's own policy speaks for itself. */
function tighten(mtls: EffectiveMtls, { workload, rootWorkload }: Layers): EffectiveMtls {
  if (rootWorkload === undefined) return mtls;
  const ownPorts = portsOf(workload);
  const closedPorts = [...portsOf(rootWorkload)].filter(([port, { mode }]) => mode === 'STRICT' && !ownPorts.has(port));
  const closes = rootWorkload.mode === 'STRICT' && (workload?.mode ?? 'UNSET') === 'UNSET';
  const base: ModeWithPolicy = closes ? { mode: 'STRICT', policy: rootWorkload } : mtls;
  return { ...base, ports: differing(new Map([...ownPorts, ...closedPorts]), base.mode) };
}

const byNamespace = new WeakMap<Inventory['peerAuthentications'], ReadonlyMap<string, readonly PeerAuthentication[]>>();

function layersFor(inventory: Inventory, workload: Workload): Layers {
  const { rootNamespace } = inventory.mesh;
  const groups = memoized(byNamespace, inventory.peerAuthentications, () => oldestFirst(inventory));
  const inRoot = groups.get(rootNamespace) ?? [];
  const isInRoot = workload.namespace === rootNamespace;
  const own = isInRoot ? [] : (groups.get(workload.namespace) ?? []);
  return {
    mesh: inRoot.find((policy) => !isSelective(policy)),
    namespace: own.find((policy) => !isSelective(policy)),
    workload: own.find((policy) => selects(policy, workload)),
    rootWorkload: inventory.dialect.name === 'strict' ? inRoot.find((policy) => selects(policy, workload)) : undefined,
  };
}

/** `selector: {}` selects the whole namespace. */
function isSelective({ selector }: PeerAuthentication): boolean {
  return selector !== undefined && Object.keys(selector.matchLabels).length > 0;
}

function selects(policy: PeerAuthentication, workload: Workload): boolean {
  return isSelective(policy) && matchesLabels(policy.selector?.matchLabels ?? {}, workload.labels);
}

function oldestFirst({ peerAuthentications }: Inventory): ReadonlyMap<string, readonly PeerAuthentication[]> {
  const groups = new Map<string, PeerAuthentication[]>();
  for (const policy of [...peerAuthentications].sort(compareAge)) append(groups, policy.metadata.namespace, policy);
  return groups;
}

/** Manifests without a timestamp are as old as each other: the stricter one then wins, so that a tie never opens anything. */
function compareAge(a: PeerAuthentication, b: PeerAuthentication): number {
  return age(a) - age(b) || strictness(b) - strictness(a);
}

function age({ metadata: { creationTimestamp } }: PeerAuthentication): number {
  const time = creationTimestamp === undefined ? Number.NaN : Date.parse(creationTimestamp);
  return Number.isNaN(time) ? 0 : time;
}

function strictness({ mode }: PeerAuthentication): number {
  return mode === 'STRICT' ? 1 : 0;
}
