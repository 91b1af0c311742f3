import type { AuthorizationPolicy, LabelSelector, RequestAuthentication } from '../resource/model/index.js';
import { SharedMap } from '../shared-map.js';
import type { Inventory } from './inventory.js';
import { append, type Labels, matchesLabels } from './labels.js';
import { memoized } from './memoized.js';
import { type ListChange, spliced } from './spliced.js';

/** What attaches by selector, namespace or target. */
export type Attachable = AuthorizationPolicy | RequestAuthentication;

/** Policies by the way they attach, so that binding one gate does not walk all of them. Every list is in the order of the inventory. */
export class PolicyIndex<Policy extends Attachable> {
  private constructor(private readonly lists: SharedMap<readonly Policy[]>) {}

  static of<Policy extends Attachable>(policies: readonly Policy[]): PolicyIndex<Policy> {
    return new PolicyIndex(SharedMap.of(byKey(policies)));
  }

  /** The index over a list that differs by these policies: it costs what they cost. */
  with({ removed, added }: ListChange<Policy>): PolicyIndex<Policy> {
    const [gone, come] = [byKey(removed), byKey(added)];
    const changes = [...new Set([...gone.keys(), ...come.keys()])].map((key): [string, readonly Policy[] | undefined] => {
      const list = spliced(this.#list(key), { removed: gone.get(key) ?? [], added: come.get(key) ?? [] });
      return [key, list.length === 0 ? undefined : list];
    });
    return new PolicyIndex(this.lists.with(changes));
  }

  /** Every policy of a namespace, however it attaches. */
  inNamespace(namespace: string): readonly Policy[] {
    return this.#list(`namespace ${namespace}`);
  }

  /** Policies with neither selector nor target. */
  withoutSelector(namespace: string): readonly Policy[] {
    return this.#list(`no selector ${namespace}`);
  }

  /** Policies with `selector: {}`. */
  withEmptySelector(namespace: string): readonly Policy[] {
    return this.#list(`empty selector ${namespace}`);
  }

  /** Policies whose selector has at least one label. */
  withSelector(namespace: string): readonly Policy[] {
    return this.#list(`selector ${namespace}`);
  }

  /** Policies of a namespace whose selector has at least one label and matches these. */
  selecting(namespace: string, labels: Labels): readonly Policy[] {
    return this.#matching((key, value) => `pair ${namespace}\0${key}\0${value}`, labels);
  }

  /** Policies of any namespace whose selector has at least one label and matches these. */
  selectingAnywhere(labels: Labels): readonly Policy[] {
    return this.#matching((key, value) => `pair anywhere\0${key}\0${value}`, labels);
  }

  /** Policies of any namespace that name an object of this kind and name. */
  targeting(kind: string, name: string): readonly Policy[] {
    return this.#list(`target ${kind}/${name}`);
  }

  #matching(keyOf: (key: string, value: string) => string, labels: Labels): readonly Policy[] {
    return Object.entries(labels)
      .flatMap(([key, value]) => this.#list(keyOf(key, value)))
      .filter((policy) => matchesLabels(policy.selector?.matchLabels ?? {}, labels));
  }

  #list(key: string): readonly Policy[] {
    return this.lists.get(key) ?? [];
  }
}

function byKey<Policy extends Attachable>(policies: readonly Policy[]): Map<string, Policy[]> {
  const lists = new Map<string, Policy[]>();
  for (const policy of policies) for (const key of keysOf(policy)) append(lists, key, policy);
  return lists;
}

/** The lists that a policy is on. */
function keysOf({ metadata: { namespace }, selector, targetRefs }: Attachable): ReadonlySet<string> {
  const targets = targetRefs.map(({ kind, name }) => `target ${kind}/${name}`);
  const scope = targets.length > 0 ? [] : scopeKeys(namespace, selector);
  return new Set([`namespace ${namespace}`, ...targets, ...scope]);
}

function scopeKeys(namespace: string, selector: LabelSelector | undefined): readonly string[] {
  // One pair is enough to find a candidate; the smallest key makes the choice independent of the manifest's order.
  const [first] = Object.entries(selector?.matchLabels ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  if (first === undefined) return [`${selector === undefined ? 'no' : 'empty'} selector ${namespace}`];
  const [key, value] = first;
  return [`selector ${namespace}`, `pair ${namespace}\0${key}\0${value}`, `pair anywhere\0${key}\0${value}`];
}

const authorizationIndexes = new WeakMap<Inventory['policies'], PolicyIndex<AuthorizationPolicy>>();
const authenticationIndexes = new WeakMap<Inventory['requestAuthentications'], PolicyIndex<RequestAuthentication>>();

/** The index over an inventory's AuthorizationPolicies; built on first use, as an inventory never changes. */
export function authorizationIndex({ policies }: Inventory): PolicyIndex<AuthorizationPolicy> {
  return memoized(authorizationIndexes, policies, () => PolicyIndex.of(policies));
}

/** The index over an inventory's RequestAuthentications. */
export function requestAuthenticationIndex({ requestAuthentications }: Inventory): PolicyIndex<RequestAuthentication> {
  return memoized(authenticationIndexes, requestAuthentications, () => PolicyIndex.of(requestAuthentications));
}

/** Makes the indexes of an inventory from those that the one before has. */
export function carryIndexes(
  before: Inventory,
  after: Inventory,
  policies: ListChange<AuthorizationPolicy>,
  authentications: ListChange<RequestAuthentication>,
): void {
  carry(authorizationIndexes, before.policies, after.policies, policies);
  carry(authenticationIndexes, before.requestAuthentications, after.requestAuthentications, authentications);
}

function carry<Policy extends Attachable>(
  indexes: WeakMap<readonly Policy[], PolicyIndex<Policy>>,
  before: readonly Policy[],
  after: readonly Policy[],
  change: ListChange<Policy>,
): void {
  const index = indexes.get(before);
  if (index !== undefined && before !== after) indexes.set(after, index.with(change));
}
