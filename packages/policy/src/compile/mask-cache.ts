import { emptyMask, type Mask, maskBytes } from './mask.js';
import type { CompileOptions } from './options.js';
import { type Keeper, type MemoryShare, TableMemory } from './table-memory.js';

const fewestSlots = 16;
const mostSlots = 4096;
/** About what the objects around the words of a mask take. */
const overhead = 200;

/**
 * Masks by what they were made for, in slots, of which there are at first a few, and never more than the budget has room for. A slot that
 * is wanted for something else is written over: nothing is allocated once every slot was used.
 */
export class MaskCache implements Keeper {
  readonly #share: MemoryShare;
  readonly #most: number;
  readonly #slotBytes: number;
  #keys = new Int32Array(0);
  #masks: (Mask | undefined)[] = [];
  #used = 0;

  /** `width` numbers make a key. */
  constructor(
    private readonly width: number,
    private readonly rows: number,
    options: CompileOptions,
  ) {
    const affordable = Math.floor(options.maskBytes / (maskBytes(rows) + overhead));
    this.#most = affordable < 1 ? 1 : 2 ** Math.floor(Math.log2(Math.min(affordable, mostSlots)));
    this.#slotBytes = 4 * width + 8;
    this.#share = (options.memory ?? new TableMemory(Number.POSITIVE_INFINITY)).shareOf(this);
    this.#empty();
  }

  /** The mask that was made for a key, if it is still there. */
  get(key: Int32Array): Mask | undefined {
    const slot = this.#slotOf(key);
    const mask = this.#masks[slot];
    if (mask === undefined) return undefined;
    for (let at = 0; at < this.width; at++) if (this.#keys[slot * this.width + at] !== key[at]) return undefined;
    return mask;
  }

  /** A mask to be filled for a key; undefined where there is no room, and all has been forgotten. */
  take(key: Int32Array): Mask | undefined {
    const mask = this.#masks[this.#slotOf(key)] ?? this.#newMask();
    if (mask === undefined) return undefined;
    const slot = this.#slotOf(key);
    this.#masks[slot] = mask;
    for (let at = 0; at < this.width; at++) this.#keys[slot * this.width + at] = key[at] ?? 0;
    return mask;
  }

  forget(): void {
    this.#empty();
  }

  /** Forgets every mask, as keys have lost their meaning. */
  clear(): void {
    this.#share.release();
    this.#empty();
  }

  #newMask(): Mask | undefined {
    const grows = 2 * (this.#used + 1) > this.#masks.length && this.#masks.length < this.#most;
    const bytes = maskBytes(this.rows) + overhead + (grows ? this.#masks.length * this.#slotBytes : 0);
    if (!this.#share.keep(bytes)) return undefined;
    this.#used++;
    if (grows) this.#grow();
    return emptyMask(this.rows);
  }

  #empty(): void {
    const slots = Math.min(this.#most, fewestSlots);
    this.#keys = new Int32Array(slots * this.width);
    this.#masks = new Array<Mask | undefined>(slots).fill(undefined);
    this.#used = 0;
  }

  /** Doubles the slots; what was in slots of its own stays in slots of its own. */
  #grow(): void {
    const [keys, masks] = [this.#keys, this.#masks];
    this.#keys = new Int32Array(2 * keys.length);
    this.#masks = new Array<Mask | undefined>(2 * masks.length).fill(undefined);
    for (const [from, mask] of masks.entries()) {
      if (mask === undefined) continue;
      const key = keys.subarray(from * this.width, (from + 1) * this.width);
      const slot = this.#slotOf(key);
      this.#masks[slot] = mask;
      this.#keys.set(key, slot * this.width);
    }
  }

  #slotOf(key: Int32Array): number {
    let mixed = 0;
    for (let at = 0; at < this.width; at++) mixed = Math.imul(mixed ^ (key[at] ?? 0), 0x9e3779b1) ^ (mixed >>> 13);
    return (mixed ^ (mixed >>> 16)) & (this.#masks.length - 1);
  }
}
