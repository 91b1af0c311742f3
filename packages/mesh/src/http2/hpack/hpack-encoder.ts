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
    const bytes: number[] = [];
    if (this.#resized !== undefined) {
      const { smallest, size } = this.#resized;
      if (smallest < size) writeInteger(bytes, 0x20, 5, smallest);
      writeInteger(bytes, 0x20, 5, size);
      this.#resized = undefined;
    }
    for (const [name, value] of fields) this.#field(bytes, name, value);
    return Buffer.from(bytes);
  }

  #field(bytes: number[], name: string, value: string): void {
    const known = staticFields.get(`${name}\n${value}`) ?? this.#table.indexOf(name, value);
    if (known !== undefined) {
      writeInteger(bytes, 0x80, 7, known);
      return;
    }
    const nameIndex = staticNames.get(name) ?? 0;
    if (repeated.has(name)) {
      writeInteger(bytes, 0x40, 6, nameIndex);
      this.#table.add([name, value]);
    } else {
      writeInteger(bytes, 0, 4, nameIndex);
    }
    if (nameIndex === 0) writeString(bytes, name);
    writeString(bytes, value);
  }
}

function writeInteger(bytes: number[], pattern: number, prefix: number, value: number): void {
  const mask = (1 << prefix) - 1;
  if (value < mask) {
    bytes.push(pattern | value);
    return;
  }
  bytes.push(pattern | mask);
  let rest = value - mask;
  while (rest >= 0x80) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  bytes.push(rest);
}

function writeString(bytes: number[], text: string): void {
  writeInteger(bytes, 0, 7, text.length);
  for (let index = 0; index < text.length; index += 1) bytes.push(text.charCodeAt(index) & 0xff);
}
