import { staticTable } from './static-table.js';

/** A name and its value; bytes as characters of Latin-1. */
export type HeaderField = readonly [name: string, value: string];

/** What a field counts for in a table and in a list (RFC 7541 section 4.1, RFC 9113 section 6.5.2). */
export function fieldSize([name, value]: HeaderField): number {
  return name.length + value.length + 32;
}

/** Fields that have been sent or received, newest first, up to a size in bytes (RFC 7541 sections 2.3.2 and 4). */
export class DynamicTable {
  /** Oldest first. */
  readonly #fields: HeaderField[] = [];
  #size = 0;
  #maxSize: number;

  constructor(maxSize: number) {
    this.#maxSize = maxSize;
  }

  get maxSize(): number {
    return this.#maxSize;
  }

  /** Evicts what does not fit any more. */
  resize(maxSize: number): void {
    this.#maxSize = maxSize;
    this.#evict(0);
  }

  /** The field with an index of the whole address space, static table first (RFC 7541 section 2.3.3). */
  field(index: number): HeaderField | undefined {
    if (index <= staticTable.length) return staticTable[index - 1];
    return this.#fields[this.#fields.length - (index - staticTable.length)];
  }

  /** The index of a field that is in this table. */
  indexOf(name: string, value: string): number | undefined {
    for (let at = this.#fields.length - 1; at >= 0; at -= 1) {
      const field = this.#fields[at];
      if (field !== undefined && field[0] === name && field[1] === value) return staticTable.length + this.#fields.length - at;
    }
    return undefined;
  }

  /** A field larger than the table empties it, which is no error (RFC 7541 section 4.4). */
  add(field: HeaderField): void {
    const size = fieldSize(field);
    this.#evict(size);
    if (size > this.#maxSize) return;
    this.#fields.push(field);
    this.#size += size;
  }

  #evict(room: number): void {
    while (this.#size + room > this.#maxSize) {
      const oldest = this.#fields.shift();
      if (oldest === undefined) return;
      this.#size -= fieldSize(oldest);
    }
  }
}
