import type { Hits, Scanner } from './scanner.js';
import { TextEnds } from './text-ends.js';

/** Texts that are looked up as a whole. */
export class ExactTexts implements Scanner {
  readonly #ids = new Map<string, number>();
  readonly #questions: number[][] = [[]];
  /** In place of the map, where the texts allow it. */
  #ends: TextEnds | undefined;

  add(text: string, question: number): void {
    const id = this.#ids.get(text);
    if (id !== undefined) this.#questions[id]?.push(question);
    else this.#ids.set(text, this.#questions.push([question]) - 1);
  }

  /** To be called once, after the last text. */
  finish({ textEnds }: { readonly textEnds: boolean }): void {
    // Numbers are given in the order of the map, from 1 on.
    this.#ends = textEnds ? TextEnds.of([...this.#ids.keys()]) : undefined;
    if (this.#ends !== undefined) this.#ids.clear();
  }

  scan(text: string): number {
    return this.#ends === undefined ? (this.#ids.get(text) ?? 0) : this.#ends.indexOf(text) + 1;
  }

  /** Whether a text answers any question. */
  has(text: string): boolean {
    return this.scan(text) !== 0;
  }

  report(id: number, hits: Hits): void {
    for (const question of this.#questions[id] ?? []) hits.hit(question);
  }
}
