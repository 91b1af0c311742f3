import type { Hits } from './scanner.js';

/** Numbers that are looked up. */
export class Numbers {
  readonly #ids = new Map<number, number>();
  readonly #questions: number[][] = [[]];

  add(value: number, question: number): void {
    const id = this.#ids.get(value);
    if (id !== undefined) this.#questions[id]?.push(question);
    else this.#ids.set(value, this.#questions.push([question]) - 1);
  }

  scan(value: number): number {
    return this.#ids.get(value) ?? 0;
  }

  report(id: number, hits: Hits): void {
    for (const question of this.#questions[id] ?? []) hits.hit(question);
  }
}
