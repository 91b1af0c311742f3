import { mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const bytesEach = Int32Array.BYTES_PER_ELEMENT;

/**
 * How many connections each of several processes has open, in a file without a name that all of them have open: to look there costs two microseconds, to ask a hundred. What
 * it says may be a little late, or wrong after a process has died; it decides on nothing but who serves a connection.
 */
export class ConnectionBoard {
  readonly #fd: number;
  readonly #counts: Int32Array;

  /** Of a file that is open already, which a process inherits. */
  constructor(fd: number, processes: number) {
    this.#fd = fd;
    this.#counts = new Int32Array(processes);
  }

  /** Makes the file. Throws where that cannot be done. */
  static openFile(): number {
    const folder = mkdtempSync(join(tmpdir(), 'sallyport-'));
    try {
      return openSync(join(folder, 'connections'), 'wx+', 0o600);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  /** Says how many a process has. */
  write(slot: number, count: number): void {
    this.#counts[slot] = count;
    try {
      writeSync(this.#fd, this.#counts, slot * bytesEach, bytesEach, slot * bytesEach);
    } catch {
      // Not said, as when the disk is full: others go by what it said before.
    }
  }

  /** Who has fewest, and how many. */
  fewest(): { readonly slot: number; readonly count: number } {
    try {
      readSync(this.#fd, this.#counts, 0, this.#counts.byteLength, 0);
    } catch {
      // What was last read.
    }
    let slot = 0;
    this.#counts.forEach((count, each) => {
      if (count < (this.#counts[slot] ?? 0)) slot = each;
    });
    return { slot, count: this.#counts[slot] ?? 0 };
  }
}
