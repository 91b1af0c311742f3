/** Counts what is under way of each of many, addresses for instance, and lets none of them have more than so many. */
export class Tally {
  readonly #counts = new Map<string, number>();

  constructor(private readonly most: number) {}

  /** Takes a place of `name`. Returns what gives it back, once; undefined where it has none left. */
  take(name: string): (() => void) | undefined {
    const count = this.#counts.get(name) ?? 0;
    if (count >= this.most) return undefined;
    this.#counts.set(name, count + 1);
    let taken = true;
    return () => {
      if (taken) this.#giveBack(name);
      taken = false;
    };
  }

  #giveBack(name: string): void {
    const left = (this.#counts.get(name) ?? 1) - 1;
    if (left === 0) this.#counts.delete(name);
    else this.#counts.set(name, left);
  }
}
