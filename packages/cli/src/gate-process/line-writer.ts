import { write } from 'node:fs';

/** How long a line may wait for others. */
const gatherMs = 5;

/** How a writer finds its file, and says that lines are missing. */
export interface LineWriterOptions {
  /** Asked before each write; undefined where there is none to write to. */
  readonly fd: () => number | undefined;
  /** The line that stands for so many lost ones. */
  readonly lost: (count: number) => string;
}

/** Lines that wait for a disk that does not take them; further ones are dropped. */
const mostWaiting = 65_536;

/**
 * Writes lines to a file that others read, many at a time: a gate's log must not hold up its connections. What cannot be written
 * (a full disk) is dropped and counted in the next line that can.
 */
export class LineWriter {
  readonly #options: LineWriterOptions;
  #waiting: string[] = [];
  #writing: Promise<void> | undefined;
  #dropped = 0;

  constructor(options: LineWriterOptions) {
    this.#options = options;
  }

  /** A writer to a file that is open. */
  static to(fd: number): LineWriter {
    return new LineWriter({ fd: () => fd, lost: (count) => `${count} log lines could not be written` });
  }

  /** Takes one line without its newline. Never throws. */
  write(line: string): void {
    if (this.#waiting.length < mostWaiting) this.#waiting.push(line);
    else this.#dropped += 1;
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
      const counted = this.#dropped;
      const lost = counted > 0 ? `${this.#options.lost(counted)}\n` : '';
      if (await writeAll(this.#options.fd(), Buffer.from(`${lost}${lines.join('\n')}\n`))) this.#dropped -= counted;
      else this.#dropped += lines.length;
    }
    this.#writing = undefined;
  }
}

async function writeAll(fd: number | undefined, bytes: Buffer): Promise<boolean> {
  if (fd === undefined) return false;
  let left = bytes;
  while (left.length > 0) {
    const written = await new Promise<number>((resolve) => write(fd, left, (error, count) => resolve(error ? 0 : count)));
    if (written === 0) return false;
    left = left.subarray(written);
  }
  return true;
}
