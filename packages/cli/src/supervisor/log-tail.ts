import {
  closeSync,
  type FSWatcher,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  watch,
  writeSync,
} from 'node:fs';
import { StringDecoder } from 'node:string_decoder';

/** A log file is started anew beyond this; the part before is kept as `FILE.1`. */
const rotateBytes = 32 * 1024 * 1024;
/** So often a copy is brought up to what was written meanwhile. */
const mostRounds = 100;
const chunkBytes = 64 * 1024;
const pollMs = 250;
/** What has no newline for this long is shown as a line of its own. */
const longestLine = 64 * 1024;

/**
 * Follows a log file that other processes append to, and hands on its lines. Files rather than pipes: a process whose supervisor died
 * must not die of writing.
 */
export class LogTail {
  readonly #path: string;
  readonly #fd: number;
  readonly #listener: (line: string) => void;
  readonly #watcher: FSWatcher | undefined;
  readonly #timer: NodeJS.Timeout;
  #position: number;
  #rotateAt = rotateBytes;
  readonly #decoder = new StringDecoder('utf8');
  #partial = '';
  #closed = false;

  /** Begins at the end of the file, which is made where it is missing. */
  constructor(path: string, listener: (line: string) => void) {
    this.#path = path;
    this.#listener = listener;
    this.#fd = openSync(path, 'a+', 0o600);
    this.#position = fstatSync(this.#fd).size;
    this.#timer = setInterval(() => this.read(), pollMs);
    this.#timer.unref();
    this.#watcher = this.#watch();
  }

  /** Hands on what has come since. */
  read(): void {
    if (this.#closed) return;
    if (fstatSync(this.#fd).size < this.#position) this.#position = 0;
    this.#readOn((part) => this.#take(this.#decoder.write(part)));
    if (this.#position > this.#rotateAt) this.#rotate();
  }

  /** Reads what comes behind the position. */
  #readOn(use: (part: Buffer) => void): void {
    const buffer = Buffer.allocUnsafe(chunkBytes);
    for (;;) {
      const count = readSync(this.#fd, buffer, 0, buffer.length, this.#position);
      if (count === 0) break;
      this.#position += count;
      use(buffer.subarray(0, count));
    }
  }

  /** Hands on the rest and stops. */
  close(): void {
    if (this.#closed) return;
    this.read();
    if (this.#partial !== '') this.#listener(this.#partial);
    this.#closed = true;
    clearInterval(this.#timer);
    this.#watcher?.close();
    closeSync(this.#fd);
  }

  #take(text: string): void {
    const lines = (this.#partial + text).split('\n');
    this.#partial = lines.pop() ?? '';
    for (const line of lines) this.#listener(line);
    if (this.#partial.length < longestLine) return;
    this.#listener(this.#partial);
    this.#partial = '';
  }

  /**
   * Copies the file once, then what was written meanwhile, until nothing was. Where the copy cannot be written (a full disk), or writers leave no moment for it, the
   * file grows, what it says is kept, and it is tried again when as much has come again: copying with each line would leave no time for anything else.
   */
  #rotate(): void {
    this.#rotateAt = this.#position + rotateBytes;
    const copyPath = `${this.#path}.new`;
    try {
      const copy = openSync(copyPath, 'w', 0o600);
      try {
        this.#copyAll(copy, this.#position);
        this.#copyOn(copy);
      } finally {
        closeSync(copy);
      }
      if (fstatSync(this.#fd).size === this.#position) {
        ftruncateSync(this.#fd, 0);
        this.#position = 0;
        this.#rotateAt = rotateBytes;
        renameSync(copyPath, `${this.#path}.1`);
      } else rmSync(copyPath);
    } catch {
      // What is left of the copy is overwritten by the next.
    }
  }

  #copyOn(copy: number): void {
    for (let round = 0; round < mostRounds && fstatSync(this.#fd).size !== this.#position; round += 1) {
      this.#readOn((part) => {
        this.#take(this.#decoder.write(part));
        writeAll(copy, part);
      });
    }
  }

  #copyAll(copy: number, size: number): void {
    const buffer = Buffer.allocUnsafe(1024 * 1024);
    for (let copied = 0; copied < size; ) {
      const count = readSync(this.#fd, buffer, 0, Math.min(buffer.length, size - copied), copied);
      if (count === 0) return;
      copied += count;
      writeAll(copy, buffer.subarray(0, count));
    }
  }

  #watch(): FSWatcher | undefined {
    try {
      const watcher = watch(this.#path, { persistent: false }, () => this.read());
      watcher.on('error', () => watcher.close());
      return watcher;
    } catch {
      // Out of watches: the timer does it alone.
      return undefined;
    }
  }
}

/** A write may be cut short, as on a disk that fills. */
function writeAll(file: number, bytes: Buffer): void {
  for (let written = 0; written < bytes.length; ) written += writeSync(file, bytes, written);
}
