import { type FSWatcher, watch } from 'node:fs';
import type { Reading } from './reading.js';
import type { Walk } from './walk-folder.js';

/** A watch that goes on until it is closed. */
export interface FolderWatch {
  close(): void;
}

/** What is watched: it can be read, and listed more quickly. */
interface WatchedSource {
  read(listed?: Walk): Promise<Reading>;
  list(): Promise<Walk>;
}

/** Quiet time after the last event, so that the several writes of one save are one change. */
const settleMs = 60;
/** No stream of events holds a change back longer than this. */
const longestSettleMs = 300;
/** A file that has just become empty is most often about to be written: programs truncate first. */
const emptiedMs = 250;
/** How often the folder is looked at without any event: links, network drives, lost events. */
const pollMs = 400;

/**
 * Watches each folder by itself rather than recursively: Node 20 emulates the latter on Linux by watching files, and loses a file
 * that an editor replaces by renaming. Where events do not come, a regular look at sizes and times finds the change.
 */
export function watchFolder(source: WatchedSource, since: Reading, listener: (reading: Reading) => void): FolderWatch {
  const watcher = new Watcher(source, since, listener);
  watcher.start();
  return watcher;
}

class Watcher implements FolderWatch {
  #last: Reading;
  #signature = '';
  #closed = false;
  #busy = false;
  #again = false;
  #firstEvent = 0;
  #settle: NodeJS.Timeout | undefined;
  #poll: NodeJS.Timeout | undefined;
  readonly #folders = new Map<string, FSWatcher>();

  constructor(
    private readonly source: WatchedSource,
    since: Reading,
    private readonly listener: (reading: Reading) => void,
  ) {
    this.#last = since;
  }

  start(): void {
    void this.#look();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#settle);
    clearTimeout(this.#poll);
    for (const watcher of this.#folders.values()) watcher.close();
    this.#folders.clear();
  }

  #event(): void {
    if (this.#closed) return;
    const now = Date.now();
    if (this.#firstEvent === 0) this.#firstEvent = now;
    clearTimeout(this.#settle);
    const wait = Math.max(0, Math.min(settleMs, this.#firstEvent + longestSettleMs - now));
    this.#settle = setTimeout(() => void this.#look(), wait);
  }

  /** Looks at the folder, one look at a time; reports a reading only where nothing moved while it was made. */
  async #look(): Promise<void> {
    if (this.#busy) {
      this.#again = true;
      return;
    }
    this.#busy = true;
    this.#firstEvent = 0;
    clearTimeout(this.#poll);
    const started = Date.now();
    try {
      await this.#compare();
    } finally {
      this.#busy = false;
    }
    if (this.#closed) return;
    if (this.#again) {
      this.#again = false;
      this.#event();
    }
    // A folder so large that looking takes long is looked at less often.
    this.#poll = setTimeout(() => void this.#look(), Math.max(pollMs, 10 * (Date.now() - started)));
    this.#poll.unref();
  }

  async #compare(): Promise<void> {
    const walk = await this.source.list();
    if (this.#closed) return;
    this.#watchFolders(walk.folders);
    if (signatureOf(walk) === this.#signature) return;
    const reading = await this.source.read(walk);
    const after = signatureOf(await this.source.list());
    if (this.#closed) return;
    if (after !== signatureOf(walk)) {
      this.#again = true;
      return;
    }
    if (becameEmpty(this.#last, reading) && (await this.#movedWithin(emptiedMs, after))) {
      this.#again = true;
      return;
    }
    this.#signature = after;
    if (this.#closed || reading.digest === this.#last.digest) return;
    this.#last = reading;
    this.listener(reading);
  }

  async #movedWithin(ms: number, signature: string): Promise<boolean> {
    await new Promise((resolve) => setTimeout(resolve, ms));
    return signatureOf(await this.source.list()) !== signature;
  }

  #watchFolders(folders: readonly string[]): void {
    for (const [folder, watcher] of this.#folders) {
      if (folders.includes(folder)) continue;
      watcher.close();
      this.#folders.delete(folder);
    }
    for (const folder of folders) {
      if (!this.#folders.has(folder)) this.#watchOne(folder);
    }
  }

  #watchOne(folder: string): void {
    try {
      const watcher = watch(folder, { persistent: false }, () => this.#event());
      watcher.on('error', () => this.#forget(folder, watcher));
      this.#folders.set(folder, watcher);
    } catch {
      // Out of watches, or gone again: the regular look finds its changes.
    }
  }

  #forget(folder: string, watcher: FSWatcher): void {
    watcher.close();
    if (this.#folders.get(folder) === watcher) this.#folders.delete(folder);
    this.#event();
  }
}

function signatureOf(walk: Walk): string {
  const files = walk.files.map((file) => `${file.path}=${file.signature}`);
  return [...files, ...walk.diagnostics.map((diagnostic) => diagnostic.message)].join('\n');
}

/** Whether a file that held something holds nothing, or the whole source is gone. */
function becameEmpty(before: Reading, after: Reading): boolean {
  const held = new Set(before.files.filter((file) => file.text.length > 0).map((file) => file.path));
  return after.files.some((file) => file.text.length === 0 && held.has(file.path));
}
