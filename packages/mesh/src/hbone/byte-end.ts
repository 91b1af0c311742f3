import type { Duplex } from 'node:stream';
import { TunnelStream } from '../http2/tunnel-stream.js';

/** What an end hands its bytes to. */
interface ByteSink {
  data(chunk: Buffer): void;
  end(): void;
  /** So many bytes that were given to `send` need not be kept any more. */
  sent(bytes: number): void;
}

/** One end of a tunnel as it is piped: bytes in, bytes out, and how many of them are still on the way. */
export interface ByteEnd {
  /** From now on everything goes through this interface, and nobody else reads or writes. */
  attach(sink: ByteSink): void;
  /** Begins to deliver. Whoever takes the bytes says `consumed` when they have gone on; that is what holds the sender back. */
  start(): void;
  consumed(bytes: number): void;
  send(chunk: Buffer): void;
}

/** Received bytes that may be on the way before an end stops reading. */
const mostOnTheWay = 256 * 1024;

/** A stream as a `ByteEnd`; one of HTTP/2 is one already. */
export function byteEndOf(stream: Duplex): ByteEnd {
  return stream instanceof TunnelStream ? stream : new DuplexEnd(stream);
}

class DuplexEnd implements ByteEnd {
  readonly #stream: Duplex;
  readonly #sent: () => void;
  #sink: ByteSink | undefined;
  /** Bytes delivered and not yet passed on. */
  #onTheWay = 0;
  #paused = false;
  /** Bytes given to the stream that it still holds. */
  #unsent = 0;

  constructor(stream: Duplex) {
    this.#stream = stream;
    this.#sent = () => {
      const left = this.#stream.writableLength;
      const sent = this.#unsent - left;
      this.#unsent = left;
      if (sent > 0) this.#sink?.sent(sent);
    };
  }

  attach(sink: ByteSink): void {
    this.#sink = sink;
  }

  start(): void {
    const sink = this.#sink;
    if (sink === undefined) return;
    this.#stream.on('data', (chunk: Buffer) => {
      this.#onTheWay += chunk.length;
      sink.data(chunk);
      if (this.#onTheWay < mostOnTheWay) return;
      this.#paused = true;
      this.#stream.pause();
    });
    this.#stream.once('end', () => sink.end());
    this.#stream.resume();
  }

  consumed(bytes: number): void {
    this.#onTheWay -= bytes;
    if (!this.#paused || this.#onTheWay >= mostOnTheWay) return;
    this.#paused = false;
    this.#stream.resume();
  }

  send(chunk: Buffer): void {
    this.#unsent += chunk.length;
    this.#stream.write(chunk, this.#sent);
  }
}
