/** Lists that are remembered; beyond, all begin anew. */
const mostLists = 10_000;

/** Takes turns among the members of lists, each list by a key of its own; lists may change between calls. */
export class RoundRobin {
  readonly #turns = new Map<string, number>();

  /** All members, beginning with the one whose turn it is: what to try, in which order. */
  order<Member>(key: string, members: readonly Member[]): Member[] {
    const turn = this.#turns.get(key) ?? 0;
    if (this.#turns.size >= mostLists) {
      this.#turns.clear();
    }
    this.#turns.set(key, (turn + 1) % Number.MAX_SAFE_INTEGER);
    const first = members.length === 0 ? 0 : turn % members.length;
    return [...members.slice(first), ...members.slice(0, first)];
  }
}
