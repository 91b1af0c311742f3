import type { Duplex } from 'node:stream';
import { largestPacket } from './protocol/packet.js';
import { ProtocolError } from './protocol/protocol-error.js';

/** What stands before a packet's payload. */
export interface PacketHeader {
  readonly length: number;
  readonly sequence: number;
}

const pieceBytes = 65_536;

/** Reads a client's packets as they are asked for; until then the client waits. */
export class PacketReader {
  constructor(private readonly stream: Duplex) {}

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
      const piece = await this.#read(Math.min(left, pieceBytes));
      if (piece.length === 0) throw new ProtocolError('the client stops within a packet');
      left -= piece.length;
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

  /** Exactly so many bytes, or fewer at the end. */
  async #read(count: number): Promise<Buffer> {
    for (;;) {
      const bytes = this.stream.read(count) as Buffer | null;
      if (bytes !== null) return bytes;
      if (this.stream.readableEnded || this.stream.destroyed) return Buffer.alloc(0);
      await this.#more();
    }
  }

  #more(): Promise<void> {
    return new Promise((resolve) => {
      const events = ['readable', 'end', 'close', 'error'];
      const done = () => {
        for (const event of events) this.stream.off(event, done);
        resolve();
      };
      for (const event of events) this.stream.on(event, done);
    });
  }
}
