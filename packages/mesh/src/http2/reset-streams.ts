/** Reset streams of which frames may still be under way; older ones are taken for closed. */
const mostRemembered = 1000;

/** Streams that this side has given up, with the bytes that the peer may have sent before it knew (RFC 9113 section 5.1). */
export class ResetStreams {
  readonly #left = new Map<number, number>();

  /** Notes how much of a stream may still be under way. */
  remember(id: number, window: number): void {
    this.#left.set(id, Math.max(0, window));
    const [oldest] = this.#left.keys();
    if (this.#left.size > mostRemembered && oldest !== undefined) this.#left.delete(oldest);
  }

  /** Whether a frame of so many bytes may be such a remnant; they are taken off what may come. */
  explains(id: number, length: number): boolean {
    const left = (this.#left.get(id) ?? -1) - length;
    if (left < 0) return false;
    this.#left.set(id, left);
    return true;
  }
}
