import type { Hits, Scanner } from './scanner.js';

/** Texts that are looked up as a whole. */
export class ExactTexts implements Scanner {
  readonly #ids = new Map<string, number>();
  readonly #questions: number[][] = [[]];

  add(text: string, question: number): void {
    const id = this.#ids.get(text);
    if (id !== undefined) this.#questions[id]?.push(question);
    else this.#ids.set(text, this.#questions.push([question]) - 1);
  }

  scan(text: string): number {
    return this.#ids.get(text) ?? 0;
  }

  report(id: number, hits: Hits): void {
    for (const question of this.#questions[id] ?? []) hits.hit(question);
  }
}
