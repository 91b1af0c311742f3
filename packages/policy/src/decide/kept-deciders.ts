import type { GateBinding } from '../bind/binding.js';
import { servicesOf } from '../bind/workload-services.js';
import { TableMemory } from '../compile/table-memory.js';
import type { Inventory, Workload } from '../inventory/inventory.js';
import { matchesLabels } from '../inventory/labels.js';
import type { AuthorizationPolicy } from '../resource/model/index.js';
import type { DeciderOptions } from './decider.js';
import { Numbers } from './numbers.js';
import { scopeSignature } from './scope-signature.js';

/** More policies than these at once, and every gate is bound again. */
const fewPolicies = 16;

interface Entry<Decider> {
  readonly decider: Decider;
  /** Undefined for a binding that is not compared. */
  readonly signature: string | undefined;
  readonly workload: Workload | undefined;
}

/**
 * The deciders of one inventory, each made when it is first asked for and kept. Where only policies differ from the inventory before,
 * a gate that none of them concerns keeps its decider, one that is bound as before does too, and workloads that are bound alike share one.
 * In doubt a decider is made anew.
 */
export class KeptDeciders<Binding extends GateBinding, Decider extends object> {
  readonly #inventory: Inventory;
  /** Of the inventory before, until it is known what they have in common with this one. */
  #previous: KeptDeciders<Binding, Decider> | undefined;
  #begun: Begun<Decider> | undefined;

  /** Looks at nothing yet: an inventory that cannot be read is found out by a decision, which then denies. */
  constructor(inventory: Inventory, previous?: KeptDeciders<Binding, Decider>) {
    this.#inventory = inventory;
    // Of one that was never asked there is nothing to keep: so none is held longer than the next one that is.
    this.#previous = previous === undefined || previous.#begun !== undefined ? previous : previous.#previous;
  }

  /** The decider of a workload's ztunnel. `make` is given what it may read and keep. */
  ofWorkload(workload: Workload, bind: Bind<Binding>, make: Make<Binding, Decider>): Decider {
    return this.#entry(workload.key, workload, bind, make).decider;
  }

  /** The decider of any other gate, or of one object behind it. */
  of(key: string, bind: Bind<Binding>, make: Make<Binding, Decider>): Decider {
    return this.#entry(key, undefined, bind, make).decider;
  }

  #entry(key: string, workload: Workload | undefined, bind: Bind<Binding>, make: Make<Binding, Decider>): Entry<Decider> {
    this.#begun ??= this.#begin();
    const { entries, shared, surroundings, numbers, memory } = this.#begun;
    const known = entries.get(key);
    if (known !== undefined) return known;
    const binding = settled(bind(this.#inventory));
    const signature = signatureOf(binding, numbers);
    const decider = sameDecider(this.#begun, key, workload, signature) ?? make(surroundings, binding, { memory });
    if (signature !== undefined && workload !== undefined) shared.set(signature, decider);
    const entry = { decider, signature, workload };
    entries.set(key, entry);
    return entry;
  }

  #begin(): Begun<Decider> {
    const last = this.#previous;
    const previous = last === undefined ? undefined : last.#begun;
    const before = last === undefined ? undefined : last.#inventory;
    const goesOn = previous !== undefined && before !== undefined && hasSameSurroundings(before, this.#inventory);
    const begun: Begun<Decider> = {
      surroundings: goesOn ? previous.surroundings : { ...this.#inventory, ...nothingBound },
      numbers: goesOn ? previous.numbers : new Numbers(),
      memory: goesOn ? previous.memory : new TableMemory(),
      entries: new Map(),
      before: goesOn ? previous.entries : new Map(),
      shared: new Map(),
    };
    if (goesOn) carry(begun, before, this.#inventory);
    this.#previous = undefined;
    return begun;
  }
}

/** What is worked out when the first decider is asked for. */
interface Begun<Decider> {
  /** What deciders read: without policies, which come with their bindings, so that no decider keeps an inventory of the past. */
  readonly surroundings: Inventory;
  readonly numbers: Numbers;
  /** Of the tables of all of them. */
  readonly memory: TableMemory;
  readonly entries: Map<string, Entry<Decider>>;
  /** Those of the inventory before. */
  readonly before: ReadonlyMap<string, Entry<Decider>>;
  /** Of workloads, by signature. */
  readonly shared: Map<string, Decider>;
}

/** A decider for the same binding: of the same gate before, or of another workload. */
function sameDecider<Decider>(
  { before, shared }: Begun<Decider>,
  key: string,
  workload: Workload | undefined,
  signature: string | undefined,
): Decider | undefined {
  if (signature === undefined) return undefined;
  const old = before.get(key);
  if (old?.signature === signature) return old.decider;
  return workload === undefined ? undefined : shared.get(signature);
}

/** Keeps the deciders of all workloads that no changed policy concerns. */
function carry<Decider>({ entries, before, shared }: Begun<Decider>, previous: Inventory, inventory: Inventory): void {
  const changed = changedObjects(previous.policies, inventory.policies);
  const namespaces = namespacesOfChangedRoles(previous, inventory);
  if (changed.length > fewPolicies || namespaces === undefined) return;
  for (const [key, entry] of before) {
    const { workload, signature, decider } = entry;
    if (workload === undefined || changed.some((policy) => concerns(policy, workload, inventory))) continue;
    if (namespaces.size > 0 && servicesOf(inventory, workload).some(({ namespace }) => namespaces.has(namespace))) continue;
    entries.set(key, entry);
    if (signature !== undefined) shared.set(signature, decider);
  }
}

/** How a gate is bound under an inventory. */
type Bind<Binding> = (inventory: Inventory) => Binding;

/** Makes a decider for a binding, with the memory that it shares. */
type Make<Binding, Decider> = (inventory: Inventory, binding: Binding, options: DeciderOptions) => Decider;

/** What a decider has from its binding. */
const nothingBound = {
  policies: [],
  requestAuthentications: [],
  rbacConfigs: [],
  serviceRoles: [],
  serviceRoleBindings: [],
} as const satisfies Partial<Inventory>;

/** Whether all is the same but what a decider has from its binding. */
function hasSameSurroundings(before: Inventory, after: Inventory): boolean {
  const surroundings = (Object.keys(before) as (keyof Inventory)[]).filter((name) => !Object.hasOwn(nothingBound, name));
  return surroundings.every((name) => before[name] === after[name]);
}

/** A binding without the reasons why policies are not bound: they are for people, and would keep the inventory. */
function settled<Binding extends GateBinding>(binding: Binding): Binding {
  const values = Object.keys(binding).map((name) => [name, name === 'unbound' ? [] : binding[name as keyof Binding]]);
  return Object.fromEntries(values) as Binding;
}

/** Equal for bindings of one gate that decide alike; undefined where closures are in force, which are not compared. */
function signatureOf(binding: GateBinding, numbers: Numbers): string | undefined {
  if (binding.closures.length > 0) return undefined;
  const policies = binding.policies.map(({ policy }) => numbers.of(policy)).join();
  const roles = binding.roles.map((scope) => scopeSignature(scope, numbers)).join();
  if (binding.gate !== 'ztunnel') {
    const tokens = binding.requestAuthentications.map((policy) => numbers.of(policy)).join();
    return `${binding.gate} ${policies} ${tokens} ${roles}`;
  }
  const { mode, policy, ports } = binding.mtls;
  const exceptions = [...ports].map(([port, each]) => `${port} ${each.mode} ${numbers.of(each.policy)}`);
  return `ztunnel ${policies} ${mode} ${policy === undefined ? '' : numbers.of(policy)} ${exceptions.join()} ${roles}`;
}

/**
 * Namespaces with services that a changed role may be about, which are those of the role and its bindings; undefined where what turns roles on has changed,
 * which may concern any.
 */
function namespacesOfChangedRoles(before: Inventory, after: Inventory): ReadonlySet<string> | undefined {
  if (before.rbacConfigs !== after.rbacConfigs) return undefined;
  const changed = [
    ...changedObjects(before.serviceRoles, after.serviceRoles),
    ...changedObjects(before.serviceRoleBindings, after.serviceRoleBindings),
  ];
  return new Set(changed.map(({ metadata }) => metadata.namespace));
}

/** The objects that are in one list only. Most lists are the same up to one place, and again behind it. */
function changedObjects<Kind>(before: readonly Kind[], after: readonly Kind[]): Kind[] {
  let first = 0;
  while (first < before.length && before[first] === after[first]) first++;
  let [beforeEnd, afterEnd] = [before.length, after.length];
  while (beforeEnd > first && afterEnd > first && before[beforeEnd - 1] === after[afterEnd - 1]) {
    beforeEnd--;
    afterEnd--;
  }
  const [old, now] = [before.slice(first, beforeEnd), after.slice(first, afterEnd)];
  const [wasThere, isThere] = [new Set(old), new Set(now)];
  return [...old.filter((policy) => !isThere.has(policy)), ...now.filter((policy) => !wasThere.has(policy))];
}

/** Whether a policy may be among what binds the ztunnel of a workload; yes in doubt. */
function concerns(policy: AuthorizationPolicy, workload: Workload, inventory: Inventory): boolean {
  const { namespace } = policy.metadata;
  const labels = policy.selector?.matchLabels ?? {};
  const selects = matchesLabels(labels, workload.labels) || Object.keys(workload.labels).length === 0;
  if (policy.targetRefs.length === 0 && !selects) return false;
  return (
    namespace === workload.namespace ||
    namespace === inventory.mesh.rootNamespace ||
    servicesOf(inventory, workload).some((service) => service.namespace === namespace)
  );
}
