import { emptyMask, type Mask, maskBytes } from './mask.js';

/**
 * Masks by what they were made for, in a fixed number of slots, so that its memory does not depend on what comes. A slot that is wanted
 * for something else is written over: nothing is allocated once every slot was used.
 */
export class MaskCache {
  readonly #keys: Int32Array;
  readonly #masks: (Mask | undefined)[];
  readonly #last: number;

  /** `width` numbers make a key. */
  constructor(
    private readonly width: number,
    private readonly rows: number,
    budget: number,
  ) {
    const affordable = Math.floor(budget / (maskBytes(rows) + 200));
    const slots = affordable < 1 ? 1 : 2 ** Math.floor(Math.log2(Math.min(affordable, 4096)));
    this.#last = slots - 1;
    this.#keys = new Int32Array(slots * width);
    this.#masks = new Array<Mask | undefined>(slots).fill(undefined);
  }

  /** The mask that was made for a key, if it is still there. */
  get(key: Int32Array): Mask | undefined {
    const slot = this.#slotOf(key);
    const mask = this.#masks[slot];
    if (mask === undefined) return undefined;
    for (let at = 0; at < this.width; at++) if (this.#keys[slot * this.width + at] !== key[at]) return undefined;
    return mask;
  }

  /** A mask to be filled for a key. */
  take(key: Int32Array): Mask {
    const slot = this.#slotOf(key);
    const mask = this.#masks[slot] ?? emptyMask(this.rows);
    this.#masks[slot] = mask;
    for (let at = 0; at < this.width; at++) this.#keys[slot * this.width + at] = key[at] ?? 0;
    return mask;
  }

  #slotOf(key: Int32Array): number {
    let mixed = 0;
    for (let at = 0; at < this.width; at++) mixed = Math.imul(mixed ^ (key[at] ?? 0), 0x9e3779b1) ^ (mixed >>> 13);
    return (mixed ^ (mixed >>> 16)) & this.#last;
  }
}
