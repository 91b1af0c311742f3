import { parseGoBoolean } from '../resource/dialect.js';

/** Labels or annotations, by key. */
export type Labels = Readonly<Record<string, string>>;

/** The value of a key that the object itself has; a name such as `constructor` never reaches the prototype. */
export function ownValue<Value>(record: Readonly<Record<string, Value>>, key: string | number): Value | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

/** Whether `labels` has every pair of `selector`; a selector without pairs matches everything. */
export function matchesLabels(selector: Labels, labels: Labels): boolean {
  return Object.entries(selector).every(([key, value]) => ownValue(labels, key) === value);
}

/** Whether a text is true in the sense of Go's `strconv.ParseBool`, as upstream reads boolean labels. */
export function isTrueLabel(value: string | undefined): boolean {
  return value !== undefined && parseGoBoolean(value) === true;
}

interface Labelled {
  readonly namespace: string;
  readonly labels: Labels;
}

/** Finds the labelled objects of a namespace that a selector matches, without walking all of them. */
export class LabelIndex<Item extends Labelled> {
  readonly #byNamespace = new Map<string, Item[]>();
  readonly #byPair = new Map<string, Item[]>();

  constructor(items: Iterable<Item>) {
    for (const item of items) {
      append(this.#byNamespace, item.namespace, item);
      for (const [key, value] of Object.entries(item.labels)) append(this.#byPair, pairKey(item.namespace, key, value), item);
    }
  }

  /** In the order of construction. A selector without pairs selects the whole namespace. */
  select(namespace: string, selector: Labels): readonly Item[] {
    let candidates: readonly Item[] = this.#byNamespace.get(namespace) ?? [];
    for (const [key, value] of Object.entries(selector)) {
      const holders = this.#byPair.get(pairKey(namespace, key, value)) ?? [];
      if (holders.length < candidates.length) candidates = holders;
    }
    return candidates.filter((item) => matchesLabels(selector, item.labels));
  }
}

/** Adds to the list that a map holds under a key. */
export function append<Key, Item>(map: Map<Key, Item[]>, key: Key, item: Item): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [item]);
  else list.push(item);
}

function pairKey(namespace: string, key: string, value: string): string {
  return `${namespace}\0${key}\0${value}`;
}
