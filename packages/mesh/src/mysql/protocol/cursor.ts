import { ProtocolError } from './protocol-error.js';

/** Reads the fields of a packet in turn. Every read throws ProtocolError where the packet ends too early. */
export class Cursor {
  #at = 0;

  constructor(private readonly bytes: Buffer) {}

  get left(): number {
    return this.bytes.length - this.#at;
  }

  take(count: number): Buffer {
    if (count > this.left) throw new ProtocolError('a packet ends too early');
    const taken = this.bytes.subarray(this.#at, this.#at + count);
    this.#at += count;
    return taken;
  }

  rest(): Buffer {
    return this.take(this.left);
  }

  /** An unsigned integer, least byte first. */
  integer(size: 1 | 2 | 3 | 4): number {
    return this.take(size).readUIntLE(0, size);
  }

  /** An integer of one to nine bytes. */
  lengthEncoded(): number {
    const first = this.integer(1);
    if (first < 0xfb) return first;
    if (first === 0xfc) return this.integer(2);
    if (first === 0xfd) return this.integer(3);
    if (first !== 0xfe) throw new ProtocolError('an integer has no such form');
    const value = this.take(8).readBigUInt64LE();
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new ProtocolError('an integer is too large');
    return Number(value);
  }

  /** Bytes up to a zero, which is passed over. */
  terminated(): Buffer {
    const end = this.bytes.indexOf(0, this.#at);
    if (end < 0) throw new ProtocolError('a text does not end');
    const text = this.take(end - this.#at);
    this.take(1);
    return text;
  }
}
