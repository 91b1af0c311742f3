/**
 * Whether a connection that is being opened is still wanted. An AbortSignal would say the same; being an event target, it costs more than
 * everything else that dialling adds to a connection. One listener at a time: who dials.
 */
export class GivingUp {
  #given = false;
  #listener: (() => void) | undefined;

  /** Whether it is not wanted any more. */
  get given(): boolean {
    return this.#given;
  }

  /** Names who is called back where it is given up from now on, or nobody. */
  listen(listener: (() => void) | undefined): void {
    this.#listener = listener;
  }

  /** Gives up; does nothing when that has been done. */
  give(): void {
    if (this.#given) return;
    this.#given = true;
    this.#listener?.();
  }
}
