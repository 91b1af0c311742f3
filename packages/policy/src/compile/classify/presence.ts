import type { Hits, Scanner } from './scanner.js';

const empty = 1;
const full = 2;

/** Questions that ask only whether there is a text, or one that is not empty. */
export class Presence implements Scanner {
  readonly #any: number[] = [];
  readonly #nonEmpty: number[] = [];

  add(question: number, wants: 'any' | 'non-empty'): void {
    (wants === 'any' ? this.#any : this.#nonEmpty).push(question);
  }

  scan(text: string): number {
    return text === '' ? empty : full;
  }

  report(id: number, hits: Hits): void {
    for (const question of this.#any) hits.hit(question);
    if (id === full) for (const question of this.#nonEmpty) hits.hit(question);
  }
}
