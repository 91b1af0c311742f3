/** Hands out the items of a list in turn, a separate turn for every key; the list may change between calls. */
export class RoundRobin {
  readonly #turns = new Map<string, number>();

  /** The next item; undefined for an empty list. */
  next<Item>(key: string, items: readonly Item[]): Item | undefined {
    const turn = this.#turns.get(key) ?? 0;
    this.#turns.set(key, turn + 1);
    return items[turn % items.length];
  }

  /** All items, beginning with the next: what to try in which order. */
  order<Item>(key: string, items: readonly Item[]): Item[] {
    const turn = this.#turns.get(key) ?? 0;
    this.#turns.set(key, turn + 1);
    const at = items.length === 0 ? 0 : turn % items.length;
    return [...items.slice(at), ...items.slice(0, at)];
  }

  /** Forgets all turns, of keys that are gone as well. */
  clear(): void {
    this.#turns.clear();
  }
}
