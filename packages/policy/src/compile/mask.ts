/** A set of rows: one bit each, and above them one summary bit for every word that is not zero. */
export interface Mask {
  readonly words: Int32Array;
  readonly summary: Int32Array;
}

/** Words of a mask that are not those of another one. */
export interface MaskDifference {
  readonly places: Int32Array;
  readonly words: Int32Array;
}

/** An empty set that has room for so many rows. */
export function emptyMask(rows: number): Mask {
  const words = Math.max(1, (rows + 31) >>> 5);
  return { words: new Int32Array(words), summary: new Int32Array((words + 31) >>> 5) };
}

/** Puts the summary right after words have changed. */
export function summarize({ words, summary }: Mask): void {
  summary.fill(0);
  for (let word = 0; word < words.length; word++) {
    if (words[word] !== 0) summary[word >>> 5] = (summary[word >>> 5] ?? 0) | (1 << word);
  }
}

/** Bytes that a mask for so many rows takes, overhead left out. */
export function maskBytes(rows: number): number {
  const words = Math.max(1, (rows + 31) >>> 5);
  return 4 * (words + ((words + 31) >>> 5));
}

/** Adds a row to the words of a set. */
export function addRow(words: Int32Array, row: number): void {
  words[row >>> 5] = (words[row >>> 5] ?? 0) | (1 << row);
}

/** Removes a row from the words of a set. */
export function removeRow(words: Int32Array, row: number): void {
  words[row >>> 5] = (words[row >>> 5] ?? 0) & ~(1 << row);
}

/** Place of the lowest bit of a word that is not zero. */
export function lowestBit(word: number): number {
  return 31 - Math.clz32(word & -word);
}
