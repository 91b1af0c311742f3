import type { DimensionTable } from './dimension-table.js';
import { emptyMask, type Mask, type MaskDifference, summarize } from './mask.js';
import type { CompileOptions } from './options.js';
import { PatchedMask } from './patched-mask.js';
import type { ConnectionMemo } from './table.js';

/** Of masks that are too large to be kept whole, those that differ from the mask of a connection without attributes in no more words than these. */
const differencesUpTo = 128;

/**
 * What the dimensions that a connection cannot change leave of a table: looked at once, and kept with the connection, which pays at most a few thousand bytes,
 * however many rows the table has.
 */
export class ConnectionMasks<Subject> {
  readonly #together: Mask;
  readonly #base: Mask;
  readonly #patched: PatchedMask;
  #shown: ConnectionMemo | undefined;

  constructor(
    private readonly dimensions: readonly DimensionTable<Subject>[],
    private readonly rows: number,
    private readonly options: CompileOptions,
  ) {
    this.#together = emptyMask(rows);
    this.#base = emptyMask(rows);
    intersect(
      dimensions.map(({ absent }) => absent),
      this.#base,
    );
    this.#patched = new PatchedMask(this.#base);
  }

  /** The mask of all dimensions together, good until it is asked for again; undefined where each has to be asked by itself. */
  of(subject: Subject, memo: ConnectionMemo | undefined): Mask | undefined {
    if (memo === undefined || !this.options.connectionMasks || memo.mask === 'not kept') return undefined;
    memo.mask ??= this.#kept(subject);
    if (memo.mask === 'not kept') return undefined;
    return 'summary' in memo.mask ? memo.mask : this.#patchedBy(memo, memo.mask);
  }

  #kept(subject: Subject): NonNullable<ConnectionMemo['mask']> {
    const isWhole = this.rows <= this.options.wholeMasksUpTo;
    const mask = isWhole ? emptyMask(this.rows) : this.#together;
    intersect(
      this.dimensions.map((dimension) => dimension.mask(subject)),
      mask,
    );
    return isWhole ? mask : (difference(mask.words, this.#base.words) ?? 'not kept');
  }

  #patchedBy(memo: ConnectionMemo, { places, words }: MaskDifference): Mask {
    if (this.#shown === memo) return this.#patched;
    this.#shown = memo;
    this.#patched.reset();
    for (let at = 0; at < places.length; at++) this.#patched.set(places[at] ?? 0, words[at] ?? 0);
    return this.#patched;
  }
}

function intersect(masks: readonly Mask[], into: Mask): void {
  into.words.fill(-1);
  for (const { words } of masks) {
    for (let word = 0; word < words.length; word++) into.words[word] = (into.words[word] ?? 0) & (words[word] ?? 0);
  }
  summarize(into);
}

function difference(words: Int32Array, base: Int32Array): MaskDifference | undefined {
  const places: number[] = [];
  for (let word = 0; word < words.length; word++) {
    if (words[word] === base[word]) continue;
    if (places.length === differencesUpTo) return undefined;
    places.push(word);
  }
  return { places: Int32Array.from(places), words: Int32Array.from(places, (word) => words[word] ?? 0) };
}
