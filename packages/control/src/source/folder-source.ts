import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Diagnostic, SourceFile } from '@sallyport/policy';
import { type FolderWatch, watchFolder } from './folder-watch.js';
import { defaultLimits, type SourceLimits } from './limits.js';
import type { Reading } from './reading.js';
import { unreadable, unreadableBecause } from './unreadable.js';
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

  constructor(paths: readonly string[], options: FolderSourceOptions = {}) {
    this.#paths = paths;
    this.#limits = options.limits ?? defaultLimits;
    this.#standardInput = options.standardInput;
  }

  /** Reads everything. Never rejects for what is on disk: that becomes diagnostics. */
  async read(): Promise<Reading> {
    const files: SourceFile[] = [];
    const diagnostics: Diagnostic[] = [];
    const keep = (path: string, text: string | Diagnostic): void => {
      if (typeof text === 'string') files.push({ path, text });
      else diagnostics.push(text);
    };
    if (this.#paths.includes('-') && this.#standardInput !== undefined) keep('-', await readText('-', this.#standardInput()));
    const walk = await this.list();
    diagnostics.push(...walk.diagnostics);
    let left = this.#limits.totalBytes;
    for (const found of walk.files) {
      left -= found.size;
      if (left < 0) {
        const message = `the manifests hold more than ${this.#limits.totalBytes} bytes`;
        diagnostics.push(unreadable(found.path, message, 'give a folder that holds one mesh only'));
        break;
      }
      keep(found.path, await readText(found.path, readFile(found.path)));
    }
    return { files, diagnostics, digest: digestOf(files, diagnostics) };
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

async function readText(path: string, bytes: Promise<Uint8Array>): Promise<string | Diagnostic> {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(await bytes);
  } catch (error) {
    if (error instanceof TypeError) return unreadable(path, `\`${path}\` is not UTF-8 text`, 'save it as UTF-8');
    return unreadableBecause(path, error);
  }
}

function digestOf(files: readonly SourceFile[], diagnostics: readonly Diagnostic[]): string {
  const parts = [...files.map((file) => [file.path, file.text]), ...diagnostics.map((one) => [one.span.file, one.message])];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}
