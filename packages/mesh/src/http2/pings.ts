/** The PINGs of this side that have not been answered (RFC 9113 section 6.7). */
export class Pings {
  readonly #waiting = new Map<string, () => void>();
  #number = 0;

  /** The payload of the next one. */
  next(answered: () => void): Buffer {
    const payload = Buffer.alloc(8);
    this.#number += 1;
    payload.writeUInt32BE(this.#number, 4);
    this.#waiting.set(payload.toString('latin1'), answered);
    return payload;
  }

  /** An answer has come; false where it answers nothing. */
  answered(payload: Buffer): boolean {
    const key = payload.toString('latin1');
    const listener = this.#waiting.get(key);
    if (listener === undefined) return false;
    this.#waiting.delete(key);
    listener();
    return true;
  }

  clear(): void {
    this.#waiting.clear();
  }
}
