import { closeSync, copyFileSync, type FSWatcher, fstatSync, ftruncateSync, openSync, readSync, watch } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';

/** A log file is started anew beyond this; the part before is kept as `FILE.1`. */
const rotateBytes = 32 * 1024 * 1024;
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
    const buffer = Buffer.allocUnsafe(64 * 1024);
    for (;;) {
      const count = readSync(this.#fd, buffer, 0, buffer.length, this.#position);
      if (count === 0) break;
      this.#position += count;
      this.#take(this.#decoder.write(buffer.subarray(0, count)));
    }
    if (this.#position > rotateBytes) this.#rotate();
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

  /** Not where the copy cannot be written (a full disk): then the file grows, and what it says is kept. */
  #rotate(): void {
    try {
      copyFileSync(this.#path, `${this.#path}.1`);
      if (fstatSync(this.#fd).size !== this.#position) return;
      ftruncateSync(this.#fd, 0);
      this.#position = 0;
    } catch {
      // Tried again with the next line.
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
