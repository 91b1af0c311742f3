/** Rejects some time after it was started, unless it was stopped. */
export class Deadline {
  readonly expired: Promise<never>;
  readonly #milliseconds: number;
  readonly #failure: () => Error;
  #reject: (error: Error) => void = () => undefined;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(milliseconds: number, failure: () => Error) {
    this.#milliseconds = milliseconds;
    this.#failure = failure;
    this.expired = new Promise((_, reject) => {
      this.#reject = reject;
    });
  }

  /** Begins to count, anew where it has begun; does nothing once stopped. */
  start(): void {
    clearTimeout(this.#timer);
    if (!this.#stopped) {
      this.#timer = setTimeout(() => this.#reject(this.#failure()), this.#milliseconds);
    }
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }
}
