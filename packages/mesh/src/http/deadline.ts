/** Calls back once, some time after it was last started, unless it was stopped. */
export class Deadline {
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  #expired = false;

  constructor(
    private readonly milliseconds: number,
    private readonly onExpired: () => void,
  ) {}

  /** Whether the time has run out. */
  get expired(): boolean {
    return this.#expired;
  }

  /** Begins to count, anew where it has begun; does nothing once stopped. */
  start(): void {
    if (this.#stopped || this.#expired) return;
    if (this.#timer !== undefined) this.#timer.refresh();
    else this.#timer = setTimeout(() => this.#expire(), this.milliseconds);
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #expire(): void {
    this.#expired = true;
    this.onExpired();
  }
}
