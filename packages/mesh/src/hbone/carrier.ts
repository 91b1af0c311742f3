import { Duplex } from 'node:stream';
import { resetStream } from './reset.js';

/** How long the other side may take to end a tunnel after the TLS inside has ended. */
const farewellMs = 1_000;

/**
 * A tunnel as what TLS rides on. TLS drops it as soon as the other side has said goodbye inside, ahead of the tunnel's own end: the tunnel
 * is then ended in order all the same, or the gate in between would take it for cut. Whether what was inside is complete only the TLS and HTTP/2
 * inside say.
 */
export class Carrier extends Duplex {
  readonly #tunnel: Duplex;
  readonly #take = (chunk: Buffer): void => {
    if (!this.push(chunk)) this.#tunnel.pause();
  };

  constructor(tunnel: Duplex) {
    super({ allowHalfOpen: true });
    this.#tunnel = tunnel;
    tunnel.on('data', this.#take);
    tunnel.once('end', () => this.push(null));
    tunnel.on('error', (error) => this.destroy(error));
    tunnel.once('close', () => this.destroy());
  }

  override _read(): void {
    this.#tunnel.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#tunnel.write(chunk, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#tunnel.end(done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    const tunnel = this.#tunnel;
    tunnel.off('data', this.#take);
    if (error !== null) resetStream(tunnel);
    else if (!tunnel.destroyed) {
      if (!tunnel.writableEnded) tunnel.end();
      const timer = setTimeout(() => resetStream(tunnel), farewellMs);
      tunnel.once('close', () => clearTimeout(timer));
      tunnel.resume();
    }
    done(error);
  }
}
