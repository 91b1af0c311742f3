/** What is made of something once, kept by two numbers until all is forgotten. */
export class Remembered<Thing> {
  readonly #things = new Map<number, Map<number, Thing>>();

  get(first: number, second: number): Thing | undefined {
    return this.#things.get(first)?.get(second);
  }

  set(first: number, second: number, thing: Thing): Thing {
    const own = this.#things.get(first) ?? new Map<number, Thing>();
    this.#things.set(first, own.set(second, thing));
    return thing;
  }

  clear(): void {
    this.#things.clear();
  }
}
