import { write } from 'node:fs';

/** How long a line may wait for others. */
const gatherMs = 5;

/**
 * Writes lines to a file that others read, many at a time: a gate's log must not hold up its connections. What cannot be written
 * (a full disk) is dropped and counted in the next line that can.
 */
export class LineWriter {
  readonly #fd: number;
  #waiting: string[] = [];
  #writing: Promise<void> | undefined;
  #dropped = 0;

  constructor(fd: number) {
    this.#fd = fd;
  }

  /** Takes one line without its newline. Never throws. */
  write(line: string): void {
    this.#waiting.push(line);
    this.#writing ??= this.#drain();
  }

  /** Resolves once everything that was taken is written. */
  async flush(): Promise<void> {
    await this.#writing;
  }

  async #drain(): Promise<void> {
    // A little later: under load all lines of that time go in one write.
    await new Promise((resolve) => setTimeout(resolve, gatherMs));
    while (this.#waiting.length > 0) {
      const lines = this.#waiting;
      this.#waiting = [];
      const lost = this.#dropped > 0 ? `${this.#dropped} log lines could not be written\n` : '';
      if (await writeAll(this.#fd, Buffer.from(`${lost}${lines.join('\n')}\n`))) this.#dropped = 0;
      else this.#dropped += lines.length;
    }
    this.#writing = undefined;
  }
}

async function writeAll(fd: number, bytes: Buffer): Promise<boolean> {
  let left = bytes;
  while (left.length > 0) {
    const written = await new Promise<number>((resolve) => write(fd, left, (error, count) => resolve(error ? 0 : count)));
    if (written === 0) return false;
    left = left.subarray(written);
  }
  return true;
}
