import { ConnectionError, errorCode } from './protocol.js';

/** What the peer may send on a whole connection (RFC 9113 section 6.9). */
export class ReceiveWindow {
  readonly #size: number;
  #left: number;
  /** Bytes taken that the peer has not been told of. */
  #unannounced = 0;

  constructor(size: number) {
    this.#size = size;
    this.#left = size;
  }

  /** So many bytes have come; throws `ConnectionError` where they were too many. */
  received(bytes: number): void {
    this.#left -= bytes;
    if (this.#left < 0) throw new ConnectionError(errorCode.flowControlError, 'connection window exceeded');
  }

  /** So many bytes are free again. Returns by how much to open the peer's window: by nothing as long as little has come together. */
  consumed(bytes: number): number {
    this.#unannounced += bytes;
    if (this.#unannounced < this.#size / 4) return 0;
    const increment = this.#unannounced;
    this.#left += increment;
    this.#unannounced = 0;
    return increment;
  }
}
