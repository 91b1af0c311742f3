import { constants } from 'node:os';

/** The signals that ask this process to end, which it does in its own way from now on. */
export class Signals {
  /** Resolves with the exit status of a process that the first signal ended. */
  readonly first: Promise<number>;
  /** That status, once there was a signal. */
  status: number | undefined;
  #count = 0;

  /** `listener` gets every signal with how many there were. */
  constructor(listener: (signal: NodeJS.Signals, count: number) => void) {
    this.first = new Promise((resolve) => {
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
        process.on(signal, () => {
          this.#count += 1;
          this.status ??= 128 + constants.signals[signal];
          listener(signal, this.#count);
          resolve(this.status);
        });
      }
    });
  }
}
