import type { Inventory, Workload } from '../inventory/inventory.js';
import { append, matchesLabels } from '../inventory/labels.js';
import { memoized } from '../inventory/memoized.js';
import type { MtlsMode, PeerAuthentication } from '../resource/model/index.js';
import type { EffectiveMtls } from './binding.js';

type Mode = EffectiveMtls['mode'];
type Ports = ReadonlyMap<number, { readonly mode: Mode; readonly policy: PeerAuthentication }>;

/** The object that speaks for a scope. In `strict` all that are as old as the oldest do, the one with the strictest mode first. */
type Speaking = readonly PeerAuthentication[];

interface Layers {
  readonly mesh: Speaking;
  readonly namespace: Speaking;
  readonly workload: Speaking;
  /** A selector in the root namespace: upstream ignores it, `strict` lets it close but never open. */
  readonly rootWorkload: Speaking;
}

interface ModeWithPolicy {
  readonly mode: Mode;
  readonly policy?: PeerAuthentication;
}

/**
 * Whether a ztunnel admits plaintext for a workload, and on which ports it differs (reference section 7.9). The oldest object
 * of each scope wins; workload beats namespace beats mesh, UNSET inherits. `upstream` repeats the three oddities of that section; in `strict`
 * the port-level mode always wins, STRICT anywhere in the root namespace admits no plaintext, and of equally old objects each closes what it
 * says and opens only what all of them do.
 */
export function effectiveMtls(inventory: Inventory, workload: Workload): EffectiveMtls {
  const layers = layersFor(inventory, workload);
  const parent = inherit(inherit({ mode: 'PERMISSIVE' }, layers.mesh), layers.namespace);
  const base = inherit(parent, layers.workload);
  const ports = inventory.dialect.name === 'strict' ? portsOf(layers.workload) : upstreamPorts(layers, parent.mode);
  return tighten({ ...base, ports: differing(ports, base.mode) }, layers);
}

function inherit(parent: ModeWithPolicy, [policy]: Speaking): ModeWithPolicy {
  return policy === undefined || policy.mode === 'UNSET' ? parent : { mode: modeOf(policy.mode), policy };
}

/** DISABLE and PERMISSIVE are the same at a ztunnel. */
function modeOf(mode: MtlsMode): Mode {
  return mode === 'STRICT' ? 'STRICT' : 'PERMISSIVE';
}

function portsOf(speaking: Speaking): Ports {
  const ports = new Map<number, { readonly mode: Mode; readonly policy: PeerAuthentication }>();
  for (const policy of speaking) {
    for (const { port, mode } of policy.portLevel) {
      if (mode === 'UNSET' || ports.get(port)?.mode === 'STRICT') continue;
      if (mode === 'STRICT' || speaking.every((each) => opens(each, port))) ports.set(port, { mode: modeOf(mode), policy });
    }
  }
  return ports;
}

function opens({ portLevel }: PeerAuthentication, asked: number): boolean {
  return portLevel.some(({ port, mode }) => port === asked && mode !== 'UNSET' && mode !== 'STRICT');
}

function differing(ports: Ports, mode: Mode): Ports {
  return new Map([...ports].filter(([, port]) => port.mode !== mode));
}

/** Oddities (b) and (c): which of the port-level modes reach a ztunnel of Istio. */
function upstreamPorts({ mesh: [mesh], namespace: [namespace], workload: speaking }: Layers, parent: Mode): Ports {
  const [workload] = speaking;
  if (workload === undefined) return new Map();
  // (b) Under an inherited STRICT a DISABLE exception is lost unless a PERMISSIVE one stands beside it.
  if (workload.mode === 'UNSET' && parent === 'STRICT' && !workload.portLevel.some(({ mode }) => mode === 'PERMISSIVE'))
    return new Map();
  // (c) A STRICT mesh makes the STRICT ports of a permissive workload vanish where the namespace says nothing.
  const lost = workload.mode !== 'STRICT' && mesh?.mode === 'STRICT' && (namespace?.mode ?? 'UNSET') === 'UNSET';
  return new Map([...portsOf(speaking)].filter(([, port]) => !(lost && port.mode === 'STRICT')));
}

/** Applies what a selector in the root namespace closes, unless the workload's own policy speaks for itself. */
function tighten(mtls: EffectiveMtls, { workload, rootWorkload }: Layers): EffectiveMtls {
  const [root] = rootWorkload;
  if (root === undefined) return mtls;
  const ownPorts = portsOf(workload);
  const closedPorts = [...portsOf(rootWorkload)].filter(([port, { mode }]) => mode === 'STRICT' && !ownPorts.has(port));
  const closes = root.mode === 'STRICT' && (workload[0]?.mode ?? 'UNSET') === 'UNSET';
  const base: ModeWithPolicy = closes ? { mode: 'STRICT', policy: root } : mtls;
  return { ...base, ports: differing(new Map([...ownPorts, ...closedPorts]), base.mode) };
}

const byNamespace = new WeakMap<Inventory['peerAuthentications'], ReadonlyMap<string, readonly PeerAuthentication[]>>();

function layersFor(inventory: Inventory, workload: Workload): Layers {
  const { rootNamespace } = inventory.mesh;
  const groups = memoized(byNamespace, inventory.peerAuthentications, () => oldestFirst(inventory));
  const inRoot = groups.get(rootNamespace) ?? [];
  const isInRoot = workload.namespace === rootNamespace;
  const own = isInRoot ? [] : (groups.get(workload.namespace) ?? []);
  const isStrict = inventory.dialect.name === 'strict';
  const speaking = (all: readonly PeerAuthentication[], speaks: (policy: PeerAuthentication) => boolean): Speaking => {
    const [oldest, ...others] = all.filter(speaks);
    if (oldest === undefined) return [];
    return isStrict ? [oldest, ...others.filter((other) => age(other) === age(oldest))] : [oldest];
  };
  return {
    mesh: speaking(inRoot, (policy) => !isSelective(policy)),
    namespace: speaking(own, (policy) => !isSelective(policy)),
    workload: speaking(own, (policy) => selects(policy, workload)),
    rootWorkload: isStrict ? speaking(inRoot, (policy) => selects(policy, workload)) : [],
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

/** Manifests without a timestamp are as old as each other: the one with the stricter mode then comes first. */
function compareAge(a: PeerAuthentication, b: PeerAuthentication): number {
  return age(a) - age(b) || strictness(b) - strictness(a);
}

function age({ metadata: { creationTimestamp } }: PeerAuthentication): number {
  const time = creationTimestamp === undefined ? Number.NaN : Date.parse(creationTimestamp);
  return Number.isNaN(time) ? 0 : time;
}

/** What inherits may turn out to be STRICT, what is permissive never does. */
function strictness({ mode }: PeerAuthentication): number {
  return mode === 'STRICT' ? 2 : mode === 'UNSET' ? 1 : 0;
}
