import type { HeaderList } from '../header-list.js';
import { ChunkedBody } from './chunked-body.js';
import { endOfHead, resumeScan } from './end-of-head.js';
import type { Framing } from './framing.js';
import { MessageRefusal } from './message-refusal.js';

const none = Buffer.alloc(0);

/**
 * Reads messages of HTTP/1.1 off one connection, one after the other, as their bytes come: a head, then its body as it is framed. Strict: what it
 * does not refuse has one reading. Every method but `add` throws MessageRefusal where the bytes are no message; nothing may be read after that.
 */
export class MessageReader {
  #bytes: Buffer = none;
  #scanned = 0;
  /** Of the body that is being read. */
  #left = 0;
  #chunked: ChunkedBody | undefined;
  #trailers: HeaderList = [];

  /** `headBytes`: the longest head, and the longest trailer section. */
  constructor(private readonly headBytes: number) {}

  /** Bytes that nobody has taken yet. */
  get waiting(): number {
    return this.#bytes.length;
  }

  /** Of the body that was read last. */
  get trailers(): HeaderList {
    return this.#trailers;
  }

  add(bytes: Buffer): void {
    this.#bytes = this.#bytes.length === 0 ? bytes : Buffer.concat([this.#bytes, bytes]);
  }

  /** The text of the next head, without its empty line; undefined where it has not come in full. */
  head(): string | undefined {
    // Empty lines before a message are no harm (RFC 9112, section 2.2).
    while (this.#scanned === 0 && this.#bytes[0] === 0x0d && this.#bytes[1] === 0x0a) this.#take(2);
    const bytes = this.#bytes;
    const end = endOfHead(bytes, this.#scanned);
    if ((end < 0 ? bytes.length : end) > this.headBytes) throw new MessageRefusal('too-large', 'the head is too large');
    if (end < 0) {
      this.#scanned = resumeScan(bytes);
      return undefined;
    }
    this.#take(end);
    this.#scanned = 0;
    return bytes.toString('latin1', 0, end - 2);
  }

  /** Begins a body. Returns it where all of it is here, without trailers; otherwise it is to be read with `body`. */
  begin(framing: Framing): Buffer | undefined {
    this.#trailers = [];
    this.#chunked = undefined;
    if (framing.kind === 'none') return none;
    if (framing.kind === 'length') {
      this.#left = framing.length;
      return this.#bytes.length < framing.length ? undefined : this.#take(framing.length);
    }
    if (framing.kind === 'until-close') this.#left = Number.POSITIVE_INFINITY;
    else this.#chunked = new ChunkedBody(this.headBytes);
    return undefined;
  }

  /** Hands on what is here of the body. Returns whether that was its end. */
  body(take: (chunk: Buffer) => void): boolean {
    if (this.#chunked !== undefined) {
      const bytes = this.#bytes;
      this.#bytes = none;
      const end = this.#chunked.decode(bytes, 0, take);
      this.#bytes = bytes.subarray(end);
      this.#trailers = this.#chunked.trailers;
      return this.#chunked.done;
    }
    const chunk = this.#take(Math.min(this.#left, this.#bytes.length));
    this.#left -= chunk.length;
    if (chunk.length > 0) take(chunk);
    return this.#left === 0;
  }

  /** What follows, for whoever goes on with the connection. */
  rest(): Buffer {
    return this.#take(this.#bytes.length);
  }

  #take(count: number): Buffer {
    const taken = this.#bytes.subarray(0, count);
    this.#bytes = count === this.#bytes.length ? none : this.#bytes.subarray(count);
    return taken;
  }
}
