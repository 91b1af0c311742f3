import type { Mask } from './mask.js';

/**
 * A mask that is never more than a few rows away from a base: from one set of rows to the next it changes only the words that the two have apart from
 * the base, however many rows there are.
 */
export class PatchedMask implements Mask {
  readonly words: Int32Array;
  readonly summary: Int32Array;
  readonly #changed: number[] = [];
  #count = 0;

  constructor(private readonly base: Mask) {
    this.words = base.words.slice();
    this.summary = base.summary.slice();
  }

  /** Goes back to the base. */
  reset(): void {
    for (let at = 0; at < this.#count; at++) {
      const word = this.#changed[at] ?? 0;
      this.#write(word, this.base.words[word] ?? 0);
    }
    this.#count = 0;
  }

  add(row: number): void {
    this.set(row >>> 5, (this.words[row >>> 5] ?? 0) | (1 << row));
  }

  remove(row: number): void {
    this.set(row >>> 5, (this.words[row >>> 5] ?? 0) & ~(1 << row));
  }

  /** Writes a whole word. */
  set(word: number, bits: number): void {
    this.#changed[this.#count++] = word;
    this.#write(word, bits);
  }

  #write(word: number, bits: number): void {
    this.words[word] = bits;
    const above = this.summary[word >>> 5] ?? 0;
    this.summary[word >>> 5] = bits === 0 ? above & ~(1 << word) : above | (1 << word);
  }
}
