import { createHash } from 'node:crypto';
import type { Diagnostic } from '@sallyport/policy';
import { type FolderWatch, watchFolder } from './folder-watch.js';
import { type KeptText, KeptTexts, keepText, readText } from './kept-texts.js';
import { defaultLimits, type SourceLimits } from './limits.js';
import type { Reading } from './reading.js';
import { unreadable } from './unreadable.js';
import { type Walk, walkFolder } from './walk-folder.js';

/** How a source reads. */
export interface FolderSourceOptions {
  readonly limits?: SourceLimits;
  /** The text that the path `-` stands for; read once. */
  readonly standardInput?: () => Promise<Uint8Array>;
}

/**
 * Manifests from folders and files, in the order given, each folder in the order of its paths.
 *
 * Paths in diagnostics and spans are the ones that the user typed, continued. A file named twice is read once.
 */
export class FolderSource {
  readonly #paths: readonly string[];
  readonly #limits: SourceLimits;
  readonly #standardInput: (() => Promise<Uint8Array>) | undefined;
  readonly #texts = new KeptTexts();

  constructor(paths: readonly string[], options: FolderSourceOptions = {}) {
    this.#paths = paths;
    this.#limits = options.limits ?? defaultLimits;
    this.#standardInput = options.standardInput;
  }

  /** Reads everything that may have changed since it was read. Never rejects for what is on disk: that becomes diagnostics. */
  async read(listed?: Walk): Promise<Reading> {
    const kept: KeptText[] = [];
    const diagnostics: Diagnostic[] = [];
    if (this.#paths.includes('-') && this.#standardInput !== undefined) {
      const text = await readText('-', this.#standardInput());
      if (typeof text === 'string') kept.push(keepText('-', text));
      else diagnostics.push(text);
    }
    const walk = listed ?? (await this.list());
    diagnostics.push(...walk.diagnostics);
    let left = this.#limits.totalBytes;
    for (const found of walk.files) {
      left -= found.size;
      if (left < 0) {
        const message = `the manifests hold more than ${this.#limits.totalBytes} bytes`;
        diagnostics.push(unreadable(found.path, message, 'give a folder that holds one mesh only'));
        break;
      }
      const text = await this.#texts.read(found);
      if ('file' in text) kept.push(text);
      else diagnostics.push(text);
    }
    this.#texts.retain(new Set(walk.files.map(({ path }) => path)));
    return { files: kept.map(({ file }) => file), diagnostics, digest: digestOf(kept, diagnostics) };
  }

  /** Lists the files without reading them. */
  async list(): Promise<Walk> {
    const walks: Walk[] = [];
    for (const path of this.#paths) if (path !== '-') walks.push(await walkFolder(path, this.#limits));
    const files = new Map(walks.flatMap((walk) => walk.files).map((file) => [file.path, file]));
    return {
      files: [...files.values()],
      folders: walks.flatMap((walk) => walk.folders),
      diagnostics: walks.flatMap((walk) => walk.diagnostics),
    };
  }

  /** Calls `listener` with every reading that differs from the one before, `since` being the first. */
  watch(since: Reading, listener: (reading: Reading) => void): FolderWatch {
    return watchFolder(this, since, listener);
  }
}

function digestOf(kept: readonly KeptText[], diagnostics: readonly Diagnostic[]): string {
  const parts = [
    ...kept.map(({ file, digest }) => [file.path, digest]),
    ...diagnostics.map((one) => [one.span.file, one.message]),
  ];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}
