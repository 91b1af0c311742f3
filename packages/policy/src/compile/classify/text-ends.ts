/** Texts are told apart by so many characters at their ends, as few as do. */
const widths = [8, 16, 32] as const;
/** At most so many texts in one place: what a client sends is compared with no more of them. */
const mostInPlace = 8;

/**
 * A table of texts by their lengths and the characters at their ends. A map has to go through the whole of each text that it has not seen before; names that
 * are listed together differ at their ends, as a rule. Which texts fall into one place is known when the table is built, so that nobody who
 * only asks can make it slow.
 */
export class TextEnds {
  /** The first text of a place, and the next one in the place of a text; -1 for none. */
  readonly #first: Int32Array;
  readonly #next: Int32Array;
  readonly #hashes: Int32Array;

  private constructor(
    private readonly texts: readonly string[],
    private readonly width: number,
  ) {
    this.#first = new Int32Array(2 ** Math.ceil(Math.log2(2 * texts.length + 1))).fill(-1);
    this.#next = new Int32Array(texts.length).fill(-1);
    this.#hashes = Int32Array.from(texts, (text) => hashOf(text, width));
  }

  /** A table of texts that are all different; undefined where too many of them end alike. */
  static of(texts: readonly string[]): TextEnds | undefined {
    for (const width of widths) {
      const table = new TextEnds(texts, width);
      if (table.#fill()) return table;
    }
    return undefined;
  }

  /** Which of the texts this is; -1 for none of them. */
  indexOf(text: string): number {
    const hash = hashOf(text, this.width);
    let at = this.#first[this.#placeOf(hash)] ?? -1;
    while (at >= 0 && !(this.#hashes[at] === hash && this.texts[at] === text)) at = this.#next[at] ?? -1;
    return at;
  }

  /** Whether every text has found a place that is not too full. */
  #fill(): boolean {
    const counts = new Uint8Array(this.#first.length);
    for (let at = 0; at < this.texts.length; at++) {
      const place = this.#placeOf(this.#hashes[at] ?? 0);
      const count = (counts[place] ?? 0) + 1;
      if (count > mostInPlace) return false;
      counts[place] = count;
      this.#next[at] = this.#first[place] ?? -1;
      this.#first[place] = at;
    }
    return true;
  }

  #placeOf(hash: number): number {
    return (hash ^ (hash >>> 15)) & (this.#first.length - 1);
  }
}

function hashOf(text: string, width: number): number {
  const { length } = text;
  let hash = length;
  for (let at = length > width ? length - width : 0; at < length; at++) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x9e3779b1);
    hash ^= hash >>> 13;
  }
  return hash;
}
