import { DynamicTable, type HeaderField } from './dynamic-table.js';
import { staticTable } from './static-table.js';

/** The table that this encoder uses at most, even where the peer would keep a larger one. */
const mostTableSize = 4096;

/** Fields whose values come again on the same connection; those of any other would only push these out. */
const repeated: ReadonlySet<string> = new Set([':method', ':authority', ':status', 'baggage']);

const staticFields = new Map(staticTable.map(([name, value], index) => [`${name}\n${value}`, index + 1]));
const staticNames = new Map([...staticTable.entries()].reverse().map(([index, [name]]) => [name, index + 1]));

/** Encodes header lists (RFC 7541) in one table with the peer's decoder. Strings are not Huffman-coded, which any decoder takes. */
export class HpackEncoder {
  readonly #table = new DynamicTable(mostTableSize);
  /** A size that the peer does not know of yet, and the smallest since it was last told (RFC 7541 section 4.2). */
  #resized: { readonly smallest: number; readonly size: number } | undefined;

  /** The peer's SETTINGS_HEADER_TABLE_SIZE. */
  limitTable(bytes: number): void {
    const size = Math.min(bytes, mostTableSize);
    if (size === this.#table.maxSize) return;
    this.#table.resize(size);
    this.#resized = { smallest: Math.min(size, this.#resized?.smallest ?? size), size };
  }

  encode(fields: readonly HeaderField[]): Buffer {
    let most = 2 * longestInteger;
    for (const [name, value] of fields) most += name.length + value.length + 3 * longestInteger;
    const into = Buffer.allocUnsafe(most);
    let at = 0;
    if (this.#resized !== undefined) {
      const { smallest, size } = this.#resized;
      if (smallest < size) at = writeInteger(into, at, 0x20, 5, smallest);
      at = writeInteger(into, at, 0x20, 5, size);
      this.#resized = undefined;
    }
    for (const [name, value] of fields) at = this.#field(into, at, name, value);
    return into.subarray(0, at);
  }

  #field(into: Buffer, from: number, name: string, value: string): number {
    const known = staticFields.get(`${name}\n${value}`) ?? this.#table.indexOf(name, value);
    if (known !== undefined) return writeInteger(into, from, 0x80, 7, known);
    const nameIndex = staticNames.get(name) ?? 0;
    const indexed = repeated.has(name);
    if (indexed) this.#table.add([name, value]);
    let at = indexed ? writeInteger(into, from, 0x40, 6, nameIndex) : writeInteger(into, from, 0, 4, nameIndex);
    if (nameIndex === 0) at = writeString(into, at, name);
    return writeString(into, at, value);
  }
}

/** Bytes of an integer of 32 bits in any representation. */
const longestInteger = 6;

/** Returns where the next byte goes, as does `writeString`. */
function writeInteger(into: Buffer, from: number, pattern: number, prefix: number, value: number): number {
  const mask = (1 << prefix) - 1;
  if (value < mask) {
    into[from] = pattern | value;
    return from + 1;
  }
  into[from] = pattern | mask;
  let at = from + 1;
  let rest = value - mask;
  while (rest >= 0x80) {
    into[at] = (rest & 0x7f) | 0x80;
    at += 1;
    rest >>>= 7;
  }
  into[at] = rest;
  return at + 1;
}

function writeString(into: Buffer, from: number, text: string): number {
  const at = writeInteger(into, from, 0, 7, text.length);
  return at + into.write(text, at, 'latin1');
}
