import type { Duplex } from 'node:stream';
import { largestPacket } from './protocol/packet.js';
import { ProtocolError } from './protocol/protocol-error.js';

/** What stands before a packet's payload. */
export interface PacketHeader {
  readonly length: number;
  readonly sequence: number;
}

const pieceBytes = 65_536;

/** Reads a client's packets as they are asked for. What comes before that waits: a piece of it here, the rest with the client. */
export class PacketReader {
  #chunks: Buffer[] = [];
  #size = 0;
  #ended = false;
  #wake: (() => void) | undefined;

  constructor(private readonly stream: Duplex) {
    stream.on('data', (chunk: Buffer) => {
      this.#chunks.push(chunk);
      this.#size += chunk.length;
      if (this.#size >= pieceBytes) stream.pause();
      this.#wake?.();
    });
    const ended = () => {
      this.#ended = true;
      this.#wake?.();
    };
    stream.once('end', ended).once('close', ended);
  }

  /** The next header; undefined where the client ended the connection between two packets. */
  async header(): Promise<PacketHeader | undefined> {
    const bytes = await this.#read(4);
    if (bytes.length === 0) return undefined;
    if (bytes.length < 4) throw new ProtocolError('the client stops within a packet');
    return { length: bytes.readUIntLE(0, 3), sequence: bytes[3] ?? 0 };
  }

  /** The next bytes of a payload. */
  async bytes(count: number): Promise<Buffer> {
    const pieces: Buffer[] = [];
    for await (const piece of this.pieces(count)) pieces.push(piece);
    return Buffer.concat(pieces);
  }

  /** The next bytes of a payload, in pieces of a bounded size. */
  async *pieces(count: number): AsyncGenerator<Buffer> {
    for (let left = count; left > 0; ) {
      const size = Math.min(left, pieceBytes);
      const piece = await this.#read(size);
      if (piece.length < size) throw new ProtocolError('the client stops within a packet');
      left -= size;
      yield piece;
    }
  }

  /** The header of the part that continues a packet of the largest size. */
  async continuation({ length, sequence }: PacketHeader): Promise<PacketHeader | undefined> {
    if (length < largestPacket) return undefined;
    const next = await this.header();
    if (next?.sequence !== ((sequence + 1) & 0xff)) throw new ProtocolError('a packet is out of order');
    return next;
  }

  /** Forgets what has come and what is still to come. */
  discard(): void {
    this.#chunks = [];
    this.#size = 0;
    this.stream.removeAllListeners('data').resume();
  }

  /** Exactly so many bytes, or fewer at the end. */
  async #read(count: number): Promise<Buffer> {
    while (this.#size < count && !this.#ended) {
      this.stream.resume();
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#take(Math.min(count, this.#size));
  }

  #take(count: number): Buffer {
    const taken: Buffer[] = [];
    for (let left = count; left > 0; ) {
      const [first = Buffer.alloc(0), ...rest] = this.#chunks;
      taken.push(first.subarray(0, left));
      this.#chunks = first.length > left ? [first.subarray(left), ...rest] : rest;
      left -= Math.min(left, first.length);
    }
    this.#size -= count;
    return taken.length === 1 && taken[0] !== undefined ? taken[0] : Buffer.concat(taken);
  }
}
