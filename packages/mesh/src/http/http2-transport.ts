import { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { endInOrder } from './end-in-order.js';

/** What node:http2 is to speak on: a socket as it is, any other stream behind a transport. A peer that sends no more is gone, and so is its connection. */
export function transportFor(stream: Duplex, lingerMs: number): Duplex {
  if (!(stream instanceof Socket)) return new Http2Transport(stream, lingerMs);
  // A session does not look at the end of a socket that may be half-open.
  return stream.once('end', () => stream.destroy());
}

/**
 * A stream as node:http2 can bear it. Where the other side of a stream that is no socket ends, Node.js ends its own side while the session may
 * still write, and fails an assertion that ends the process. Here an end is a close, which the other side sees as one: curl says no GOAWAY.
 */
class Http2Transport extends Duplex {
  readonly #stream: Duplex;

  constructor(stream: Duplex, lingerMs: number) {
    super({ allowHalfOpen: true, readableHighWaterMark: stream.readableHighWaterMark });
    this.#stream = stream;
    stream.on('data', (chunk: Buffer) => {
      if (!this.destroyed && !this.push(chunk)) stream.pause();
    });
    stream.on('error', (error) => this.destroy(error));
    stream.once('end', () => {
      endInOrder(stream, lingerMs);
      this.destroy();
    });
    stream.once('close', () => this.destroy());
    stream.pause();
  }

  override _read(): void {
    this.#stream.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#stream.write(chunk, done);
  }

  override _writev(chunks: readonly { readonly chunk: Buffer }[], done: (error?: Error | null) => void): void {
    const last = chunks.length - 1;
    this.#stream.cork();
    chunks.forEach(({ chunk }, at) => {
      this.#stream.write(chunk, at === last ? done : undefined);
    });
    this.#stream.uncork();
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#stream.end(done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (!this.#stream.writableEnded) this.#stream.destroy();
    done(error);
  }
}
