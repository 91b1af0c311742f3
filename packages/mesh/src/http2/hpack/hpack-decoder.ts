import { ConnectionError, errorCode } from '../protocol.js';
import { DynamicTable, fieldSize, type HeaderField } from './dynamic-table.js';
import { decodeHuffman } from './huffman.js';

/** What a header list may hold at most. */
export interface HeaderListLimits {
  /** Names and values, 32 bytes more for each field (RFC 9113 section 6.5.2). */
  readonly maxHeaderListSize: number;
  readonly maxHeaderFields: number;
}

/** Size of the table that the peer's encoder may use: what it is without a setting (RFC 9113 section 6.5.2). */
const tableSize = 4096;

/** Largest integer that anything here can mean; what is longer is an attack or a mistake. */
const largestInteger = 0xff_ffff;

function broken(message: string): ConnectionError {
  return new ConnectionError(errorCode.compressionError, message);
}

/**
 * Decodes header blocks (RFC 7541), in their order. Throws `COMPRESSION_ERROR` for a block that is wrong and `ENHANCE_YOUR_CALM` for
 * a list beyond the limits: either way the table is not the peer's any more, and the connection ends. A list is given up as soon as it
 * is too large, so that what a block says by reference costs no more than what it may say in full.
 */
export class HpackDecoder {
  readonly #table = new DynamicTable(tableSize);
  readonly #limits: HeaderListLimits;
  #block: Buffer = Buffer.alloc(0);
  #at = 0;

  constructor(limits: HeaderListLimits) {
    this.#limits = limits;
  }

  decode(block: Buffer): HeaderField[] {
    this.#block = block;
    this.#at = 0;
    const fields: HeaderField[] = [];
    let size = 0;
    while (this.#at < block.length) {
      const field = this.#representation(fields.length > 0);
      if (field === undefined) continue;
      fields.push(field);
      size += fieldSize(field);
      if (size > this.#limits.maxHeaderListSize || fields.length > this.#limits.maxHeaderFields) {
        throw new ConnectionError(errorCode.enhanceYourCalm, 'header list too large');
      }
    }
    return fields;
  }

  /** One representation (RFC 7541 section 6); a change of the table's size yields no field. */
  #representation(begun: boolean): HeaderField | undefined {
    const first = this.#block.readUInt8(this.#at);
    if ((first & 0x80) !== 0) return this.#indexed(this.#integer(7));
    if ((first & 0xe0) === 0x20) {
      if (begun) throw broken('table size changed inside a header block');
      const size = this.#integer(5);
      if (size > tableSize) throw broken('table larger than allowed');
      this.#table.resize(size);
      return undefined;
    }
    const indexed = (first & 0xc0) === 0x40;
    const nameIndex = this.#integer(indexed ? 6 : 4);
    const name = nameIndex === 0 ? this.#string() : this.#indexed(nameIndex)[0];
    const field: HeaderField = [name, this.#string()];
    if (indexed) this.#table.add(field);
    return field;
  }

  #indexed(index: number): HeaderField {
    const field = this.#table.field(index);
    if (field === undefined) throw broken(`no table entry ${index}`);
    return field;
  }

  /** An integer with a prefix of so many bits (RFC 7541 section 5.1). */
  #integer(prefix: number): number {
    const mask = (1 << prefix) - 1;
    let value = this.#byte() & mask;
    if (value < mask) return value;
    for (let shift = 0; ; shift += 7) {
      const byte = this.#byte();
      if (shift > 21) throw broken('integer too large');
      value += (byte & 0x7f) * 2 ** shift;
      if (value > largestInteger) throw broken('integer too large');
      if ((byte & 0x80) === 0) return value;
    }
  }

  #string(): string {
    if (this.#at >= this.#block.length) throw broken('header block ends inside a field');
    const huffman = (this.#block.readUInt8(this.#at) & 0x80) !== 0;
    const length = this.#integer(7);
    const end = this.#at + length;
    if (end > this.#block.length) throw broken('header block ends inside a string');
    const begin = this.#at;
    this.#at = end;
    return huffman ? decodeHuffman(this.#block.subarray(begin, end)) : this.#block.toString('latin1', begin, end);
  }

  #byte(): number {
    if (this.#at >= this.#block.length) throw broken('header block ends inside an integer');
    const byte = this.#block.readUInt8(this.#at);
    this.#at += 1;
    return byte;
  }
}
