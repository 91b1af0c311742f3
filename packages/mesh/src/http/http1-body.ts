import { Readable } from 'node:stream';
import type { BodySource } from './exchange.js';
import type { HeaderList } from './header-list.js';

/** A body that had come in full when its head was read; no stream is made of it unless someone asks for one. */
export class WholeBody implements BodySource {
  #stream: Readable | undefined;

  constructor(readonly whole: Buffer) {}

  get stream(): Readable {
    if (this.#stream === undefined) {
      this.#stream = new Readable({ read: () => undefined });
      if (this.whole.length > 0) this.#stream.push(this.whole);
      this.#stream.push(null);
    }
    return this.#stream;
  }

  trailers(): HeaderList {
    return [];
  }

  complete(): boolean {
    return true;
  }
}

/** A body of which the rest is still to come. */
export class IncomingBody implements BodySource {
  readonly stream: Readable;
  #trailers: HeaderList = [];
  #complete = false;

  /** `demand` is called where more of the body is wanted. */
  constructor(demand: () => void) {
    this.stream = new Readable({ read: demand });
    // A body that breaks off shows as `close` without `end`.
    this.stream.on('error', () => undefined);
  }

  /** Returns false where no more is wanted for now. */
  push(chunk: Buffer): boolean {
    return this.stream.destroyed || this.stream.push(chunk);
  }

  end(trailers: HeaderList): void {
    this.#trailers = trailers;
    this.#complete = true;
    if (!this.stream.destroyed) this.stream.push(null);
  }

  /** The connection ended before the body did. */
  breakOff(): void {
    if (!this.#complete) this.stream.destroy();
  }

  trailers(): HeaderList {
    return this.#trailers;
  }

  complete(): boolean {
    return this.#complete;
  }
}
