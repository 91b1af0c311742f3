/** Which states of policy may answer, over time: one that is in force everywhere, or two while a change is under way. */
export class Eras {
  readonly #eras: (readonly number[])[];

  constructor(first: number) {
    this.#eras = [[first]];
  }

  /** The present one. */
  get now(): number {
    return this.#eras.length - 1;
  }

  /** The folder is about to change. */
  begin(next: number): void {
    this.#eras.push([...(this.#eras.at(-1) ?? []), next]);
  }

  /** The change is in force at every gate. */
  settle(state: number): void {
    this.#eras.push([state]);
  }

  /** The states that may have answered something which lasted from one era to another. */
  between(from: number, to: number): ReadonlySet<number> {
    return new Set(this.#eras.slice(from, to + 1).flat());
  }
}
