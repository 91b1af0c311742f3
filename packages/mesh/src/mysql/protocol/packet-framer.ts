import { largestPacket } from './packet.js';

/** What is kept of a packet: enough to tell what it is. */
export interface PacketHead {
  readonly head: Buffer;
  /** Of the whole payload, its continuations included. */
  readonly length: number;
  /** Of its last part. */
  readonly sequence: number;
}

/** Finds the packets in a stream of bytes, however it is cut, and keeps at most `keep` bytes of each. */
export class PacketFramer {
  #header = Buffer.alloc(0);
  #head: Buffer[] = [];
  #kept = 0;
  #length = 0;
  #left = 0;
  #continues = false;

  constructor(private readonly keep: number) {}

  /** Takes the next bytes up to the end of one packet at most; says how many, and which packet ended there. */
  push(chunk: Buffer): { readonly used: number; readonly packet?: PacketHead } {
    let used = 0;
    while (used < chunk.length) {
      used += this.#header.length < 4 ? this.#takeHeader(chunk.subarray(used)) : this.#takePayload(chunk.subarray(used));
      const packet = this.#finished();
      if (packet !== undefined) return { used, packet };
    }
    return { used };
  }

  #takeHeader(bytes: Buffer): number {
    const taken = bytes.subarray(0, 4 - this.#header.length);
    this.#header = Buffer.concat([this.#header, taken]);
    if (this.#header.length === 4) {
      this.#left = this.#header.readUIntLE(0, 3);
      this.#length += this.#left;
      this.#continues = this.#left === largestPacket;
    }
    return taken.length;
  }

  #takePayload(bytes: Buffer): number {
    const taken = bytes.subarray(0, this.#left);
    const kept = taken.subarray(0, Math.max(0, this.keep - this.#kept));
    if (kept.length > 0) this.#head.push(Buffer.from(kept));
    this.#kept += kept.length;
    this.#left -= taken.length;
    return taken.length;
  }

  #finished(): PacketHead | undefined {
    if (this.#header.length < 4 || this.#left > 0) return undefined;
    const sequence = this.#header[3] ?? 0;
    this.#header = Buffer.alloc(0);
    if (this.#continues) return undefined;
    const packet = { head: Buffer.concat(this.#head), length: this.#length, sequence };
    this.#head = [];
    this.#kept = 0;
    this.#length = 0;
    return packet;
  }
}
