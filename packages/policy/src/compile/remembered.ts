/** What is made of something once, kept by two numbers; all is forgotten when it becomes too much, so that memory is bounded. */
export class Remembered<Thing> {
  #things = new Map<number, Map<number, Thing>>();
  #count = 0;

  constructor(private readonly limit: number) {}

  get(first: number, second: number): Thing | undefined {
    return this.#things.get(first)?.get(second);
  }

  set(first: number, second: number, thing: Thing): Thing {
    if (this.#count >= this.limit) this.clear();
    const own = this.#things.get(first) ?? new Map<number, Thing>();
    this.#things.set(first, own.set(second, thing));
    this.#count++;
    return thing;
  }

  clear(): void {
    this.#things = new Map();
    this.#count = 0;
  }
}
