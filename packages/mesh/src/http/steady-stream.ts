import { Duplex } from 'node:stream';
import { resetStream } from '../hbone/reset.js';

/** A stream of HTTP/2; only what is needed to know one. */
interface Http2Like extends Duplex {
  readonly rstCode: number;
}

/**
 * The byte stream as `node:http` may use it. A stream of HTTP/2 is wrapped, everything else is returned as it is.
 *
 * `node:http` corks its connection and writes an empty chunk at the end of a message. On a stream of HTTP/2, Node 20 takes the end of
 * that empty chunk for the end of the whole vectored write and frees the memory of the other chunks before they are sent: the peer
 * gets whatever the memory holds by then. The wrapper hands on one buffer at a time, and never an empty one.
 */
export function steadyStream(stream: Duplex): Duplex {
  return 'rstCode' in stream ? new SteadyStream(stream as Http2Like) : stream;
}

class SteadyStream extends Duplex {
  readonly #inner: Http2Like;

  constructor(inner: Http2Like) {
    super({ allowHalfOpen: true });
    this.#inner = inner;
    inner.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) {
        inner.pause();
      }
    });
    inner.once('end', () => this.push(null));
    inner.on('error', (error) => this.destroy(error));
    inner.once('close', () => this.#closed());
    inner.pause();
  }

  /** How the stream was reset; what tells a reset from an end (`wasReset`). */
  get rstCode(): number {
    return this.#inner.rstCode;
  }

  /** What Node's agent does to a socket before it uses it again; a byte stream keeps no process alive by itself. */
  ref(): this {
    return this;
  }

  override _read(): void {
    this.#inner.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    if (chunk.length === 0) {
      done();
    } else {
      this.#inner.write(chunk, done);
    }
  }

  override _writev(chunks: readonly { readonly chunk: Buffer }[], done: (error?: Error | null) => void): void {
    this._write(Buffer.concat(chunks.map(({ chunk }) => chunk)), 'latin1', done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#inner.end(done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    // Without having ended, what was sent so far must not look complete.
    if (this.writableFinished) {
      this.#inner.destroy(error ?? undefined);
    } else {
      resetStream(this.#inner);
    }
    done(error);
  }

  /** What was received before the end is still to be read; after anything else there is nothing to wait for. */
  #closed(): void {
    if (this.#inner.readableEnded && !this.readableEnded) {
      this.once('end', () => this.destroy());
    } else {
      this.destroy();
    }
  }
}
