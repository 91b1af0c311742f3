import { addRow, removeRow } from './mask.js';
import type { PatchedMask } from './patched-mask.js';

/** Rows of one table, kept as a list while that is shorter than a mask. */
export class RowSet {
  #list: number[] | undefined = [];
  #words: Int32Array | undefined;

  constructor(
    private readonly length: number,
    private readonly dense: boolean,
  ) {}

  add(row: number): void {
    if (this.#words !== undefined) addRow(this.#words, row);
    else if (this.#list !== undefined) {
      this.#list.push(row);
      if (this.dense && this.#list.length > this.length) this.#condense(this.#list);
    }
  }

  /** How many rows there are to go through; infinite where they are no list. */
  get listed(): number {
    return this.#list === undefined ? Number.POSITIVE_INFINITY : this.#list.length;
  }

  /** Adds the rows of a list to a mask. */
  patchOn(mask: PatchedMask): void {
    if (this.#list !== undefined) for (const row of this.#list) mask.add(row);
  }

  /** Removes the rows of a list from a mask. */
  patchOff(mask: PatchedMask): void {
    if (this.#list !== undefined) for (const row of this.#list) mask.remove(row);
  }

  addTo(words: Int32Array): void {
    if (this.#list !== undefined) for (const row of this.#list) addRow(words, row);
    else if (this.#words !== undefined) {
      for (let word = 0; word < words.length; word++) words[word] = (words[word] ?? 0) | (this.#words[word] ?? 0);
    }
  }

  removeFrom(words: Int32Array): void {
    if (this.#list !== undefined) for (const row of this.#list) removeRow(words, row);
    else if (this.#words !== undefined) {
      for (let word = 0; word < words.length; word++) words[word] = (words[word] ?? 0) & ~(this.#words[word] ?? 0);
    }
  }

  #condense(list: readonly number[]): void {
    const words = new Int32Array(this.length);
    for (const row of list) addRow(words, row);
    this.#words = words;
    this.#list = undefined;
  }
}
