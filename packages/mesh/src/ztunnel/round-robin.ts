/** Lists that are remembered; beyond, all begin anew. */
const mostLists = 10_000;

/** Takes turns among the members of lists, each list by a key of its own. */
export class RoundRobin {
  readonly #turns = new Map<string, number>();

  /** The next member; undefined of an empty list. */
  pick<T>(key: string, members: readonly T[]): T | undefined {
    if (members.length === 0) return undefined;
    const turn = this.#turns.get(key) ?? 0;
    if (this.#turns.size >= mostLists && !this.#turns.has(key)) this.#turns.clear();
    this.#turns.set(key, (turn + 1) % Number.MAX_SAFE_INTEGER);
    return members[turn % members.length];
  }
}
