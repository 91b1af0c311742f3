/** How long to wait before a process that ended is started again: doubling, forgotten once it has run for a while. */
export class BackOff {
  readonly #firstMs: number;
  readonly #longestMs: number;
  /** A process that ran for this long is healthy again. */
  readonly #healthyMs: number;
  #next: number;

  constructor(options: { firstMs: number; longestMs: number; healthyMs: number }) {
    this.#firstMs = options.firstMs;
    this.#longestMs = options.longestMs;
    this.#healthyMs = options.healthyMs;
    this.#next = options.firstMs;
  }

  /** The wait after a run of `ranMs`. */
  after(ranMs: number): number {
    if (ranMs >= this.#healthyMs) this.#next = this.#firstMs;
    const wait = this.#next;
    this.#next = Math.min(this.#longestMs, wait * 2);
    return wait;
  }
}
