import { type Duplex, Writable } from 'node:stream';
import type { BodySink } from './exchange.js';
import type { HeaderList } from './header-list.js';
import { writeTrailers } from './message/write-head.js';

/** Called once the connection has taken what was written, with an error where it broke before. */
type Written = (error?: Error | null) => void;

/** Up to this size bytes are copied next to their head or framing, for one write; larger ones are written beside it. */
const copiedBytes = 16 * 1024;
const endOfChunk = Buffer.from('\r\n');

/** Writes one message to a connection. Its head goes out with the first bytes of its body; no write is ever empty. */
export class MessageWriter {
  #head: string;

  constructor(
    private readonly connection: Duplex,
    head: string,
  ) {
    this.#head = head;
  }

  /** Sends the head by itself, where it still waits. */
  flush(written?: Written): void {
    const head = this.#head;
    this.#head = '';
    if (head !== '' && this.connection.writable) this.connection.write(head, 'latin1', written);
    else written?.();
  }

  /** Returns false where the connection wants no more for now. */
  write(bytes: Buffer, written?: Written): boolean {
    if (bytes.length > copiedBytes) this.flush();
    const head = this.#head;
    this.#head = '';
    return this.connection.write(head === '' ? bytes : besideText(head, bytes, ''), written);
  }

  /** Writes bytes as one chunk. */
  writeChunk(bytes: Buffer): boolean {
    const size = `${bytes.length.toString(16)}\r\n`;
    if (bytes.length <= copiedBytes) return this.write(besideText(size, bytes, '\r\n'));
    this.connection.cork();
    this.write(Buffer.from(size, 'latin1'));
    this.connection.write(bytes);
    const more = this.connection.write(endOfChunk);
    this.connection.uncork();
    return more;
  }

  /** A sink for the body. The head waits for its first bytes until the end of this turn. */
  body(length: number | undefined, written: Written): BodySink {
    process.nextTick(() => this.flush());
    const stream = length === undefined ? new ChunkedSink(this, written) : new LengthSink(this, length, written);
    return { stream, finish: (trailers) => stream.finish(trailers) };
  }

  onDrain(listener: () => void): void {
    this.connection.once('drain', listener);
  }
}

/** A body in chunks. */
class ChunkedSink extends Writable {
  #trailers: HeaderList = [];

  constructor(
    private readonly writer: MessageWriter,
    private readonly written: Written,
  ) {
    super();
    // Whoever moves the body hears of its end by `close`.
    this.on('error', () => undefined);
  }

  finish(trailers: HeaderList): void {
    this.#trailers = trailers;
    this.end();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    if (chunk.length === 0 || this.writer.writeChunk(chunk)) done();
    else this.writer.onDrain(done);
  }

  override _final(done: (error?: Error | null) => void): void {
    try {
      this.writer.write(Buffer.from(writeTrailers(this.#trailers), 'latin1'), this.written);
      done();
    } catch (error) {
      done(error as Error);
    }
  }
}

/** A body of a length that its head has declared: never a byte more, and no end before. */
class LengthSink extends Writable {
  #left: number;

  constructor(
    private readonly writer: MessageWriter,
    length: number,
    private readonly written: Written,
  ) {
    super();
    this.on('error', () => undefined);
    this.#left = length;
  }

  finish(_trailers: HeaderList): void {
    this.end();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error) => void): void {
    this.#left -= chunk.length;
    if (this.#left < 0) done(new Error('the body is longer than its content-length'));
    else if (chunk.length === 0 || this.writer.write(chunk, this.#left === 0 ? this.written : undefined)) done();
    else this.writer.onDrain(done);
  }

  override _final(done: (error?: Error) => void): void {
    if (this.#left > 0) done(new Error('the body is shorter than its content-length'));
    else done();
  }
}

function besideText(before: string, bytes: Buffer, after: string): Buffer {
  const joined = Buffer.allocUnsafe(before.length + bytes.length + after.length);
  joined.write(before, 0, 'latin1');
  bytes.copy(joined, before.length);
  if (after !== '') joined.write(after, before.length + bytes.length, 'latin1');
  return joined;
}
