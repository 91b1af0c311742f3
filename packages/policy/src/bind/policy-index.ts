import type { Inventory } from '../inventory/inventory.js';
import { append, type Labels, matchesLabels } from '../inventory/labels.js';
import type { AuthorizationPolicy, LabelSelector, Metadata, RequestAuthentication, TargetRef } from '../resource/model/index.js';

/** What attaches by selector, namespace or target. */
interface Attachable {
  readonly metadata: Metadata;
  readonly selector?: LabelSelector;
  readonly targetRefs: readonly TargetRef[];
}

/** Policies by the way they attach, so that binding one gate does not walk all of them. */
export class PolicyIndex<Policy extends Attachable> {
  readonly #inNamespace = new Map<string, Policy[]>();
  readonly #withoutSelector = new Map<string, Policy[]>();
  readonly #emptySelector = new Map<string, Policy[]>();
  readonly #withSelector = new Map<string, Policy[]>();
  readonly #byPair = new Map<string, Policy[]>();
  readonly #byTarget = new Map<string, Policy[]>();

  constructor(policies: readonly Policy[]) {
    for (const policy of policies) this.#add(policy);
  }

  #add(policy: Policy): void {
    const { namespace } = policy.metadata;
    append(this.#inNamespace, namespace, policy);
    for (const target of new Set(policy.targetRefs.map(targetKey))) append(this.#byTarget, target, policy);
    if (policy.targetRefs.length === 0) this.#addBySelector(policy, namespace);
  }

  #addBySelector(policy: Policy, namespace: string): void {
    // One pair is enough to find a candidate; the smallest key makes the choice independent of the manifest's order.
    const [first] = Object.entries(policy.selector?.matchLabels ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
    if (first !== undefined) {
      append(this.#withSelector, namespace, policy);
      append(this.#byPair, pairKey(...first), policy);
    } else append(policy.selector === undefined ? this.#withoutSelector : this.#emptySelector, namespace, policy);
  }

  /** Every policy of a namespace, however it attaches. */
  inNamespace(namespace: string): readonly Policy[] {
    return this.#inNamespace.get(namespace) ?? [];
  }

  /** Policies with neither selector nor target. */
  withoutSelector(namespace: string): readonly Policy[] {
    return this.#withoutSelector.get(namespace) ?? [];
  }

  /** Policies with `selector: {}`. */
  withEmptySelector(namespace: string): readonly Policy[] {
    return this.#emptySelector.get(namespace) ?? [];
  }

  /** Policies whose selector has at least one label. */
  withSelector(namespace: string): readonly Policy[] {
    return this.#withSelector.get(namespace) ?? [];
  }

  /** Policies of any namespace whose selector has at least one label and matches these. */
  selecting(labels: Labels): readonly Policy[] {
    return Object.entries(labels)
      .flatMap((pair) => this.#byPair.get(pairKey(...pair)) ?? [])
      .filter((policy) => matchesLabels(policy.selector?.matchLabels ?? {}, labels));
  }

  /** Policies of any namespace that name an object of this kind and name. */
  targeting(kind: string, name: string): readonly Policy[] {
    return this.#byTarget.get(`${kind}/${name}`) ?? [];
  }
}

const authorizationIndexes = new WeakMap<Inventory, PolicyIndex<AuthorizationPolicy>>();
const authenticationIndexes = new WeakMap<Inventory, PolicyIndex<RequestAuthentication>>();

/** The index over an inventory's AuthorizationPolicies; built on first use, as an inventory never changes. */
export function authorizationIndex(inventory: Inventory): PolicyIndex<AuthorizationPolicy> {
  return memoized(authorizationIndexes, inventory, () => new PolicyIndex(inventory.policies));
}

/** The index over an inventory's RequestAuthentications. */
export function requestAuthenticationIndex(inventory: Inventory): PolicyIndex<RequestAuthentication> {
  return memoized(authenticationIndexes, inventory, () => new PolicyIndex(inventory.requestAuthentications));
}

/** The value that belongs to an inventory, made once. */
export function memoized<Value>(cache: WeakMap<Inventory, Value>, inventory: Inventory, make: () => Value): Value {
  const known = cache.get(inventory);
  if (known !== undefined) return known;
  const made = make();
  cache.set(inventory, made);
  return made;
}

function targetKey({ kind, name }: TargetRef): string {
  return `${kind}/${name}`;
}

function pairKey(key: string, value: string): string {
  return `${key}\0${value}`;
}
