import { Readable } from 'node:stream';
import type { BodyInCheck, CheckBody } from '@sallyport/policy';
import type { BodySource } from './exchange.js';

/**
 * A body of which the beginning may be read before the body is passed on. What was read stays in memory, and comes first in
 * `replayed`; nothing is read ahead of what was asked for by more than one chunk.
 */
export class PeekedBody {
  readonly #chunks: Buffer[] = [];
  #length = 0;
  #state: 'open' | 'ended' | 'broken' = 'open';
  #wake: () => void = () => undefined;
  #replaying: Readable | undefined;
  readonly #source: BodySource;

  constructor(source: BodySource) {
    this.#source = source;
    const { stream } = source;
    stream.on('data', (chunk: Buffer) => this.#read(chunk));
    stream.once('end', () => this.#over(source.complete() ? 'ended' : 'broken'));
    stream.once('error', () => this.#over('broken'));
    stream.once('close', () => this.#over('broken'));
    stream.pause();
  }

  /** Reads until it is known what an authorizer may see; rejects where the client breaks off before. */
  async peek({ maxRequestBytes, allowPartialMessage }: BodyInCheck): Promise<CheckBody> {
    // One byte more tells whether there is more, which only matters where there may not be.
    const wanted = allowPartialMessage ? maxRequestBytes : maxRequestBytes + 1;
    while (this.#length < wanted && this.#state === 'open') {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        this.#source.stream.resume();
      });
    }
    if (this.#replaying === undefined) this.#source.stream.pause();
    if (this.#state === 'broken') throw new Error('the client broke off its request');
    return { bytes: Buffer.concat(this.#chunks), complete: this.#state === 'ended' };
  }

  /** The whole body from its beginning. */
  replayed(): BodySource {
    const stream = new Readable({ read: () => this.#source.stream.resume() });
    this.#replaying = stream;
    for (const chunk of this.#chunks) stream.push(chunk);
    if (this.#state === 'ended') stream.push(null);
    if (this.#state === 'broken') stream.destroy();
    return { stream, trailers: () => this.#source.trailers(), complete: () => this.#source.complete() };
  }

  #read(chunk: Buffer): void {
    if (this.#replaying !== undefined) {
      if (!this.#replaying.push(chunk)) this.#source.stream.pause();
      return;
    }
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    this.#source.stream.pause();
    this.#wake();
  }

  #over(state: 'ended' | 'broken'): void {
    if (this.#state !== 'open') return;
    this.#state = state;
    if (state === 'ended') this.#replaying?.push(null);
    else this.#replaying?.destroy();
    this.#wake();
  }
}
