import type { Stats } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Diagnostic } from '@sallyport/policy';
import type { SourceLimits } from './limits.js';
import { unreadable, unreadableBecause } from './unreadable.js';

/** A manifest file that was found, with what tells one state of it from another. */
export interface FoundFile {
  /** As the user would type it. */
  readonly path: string;
  readonly size: number;
  /** Device, inode, size and times: different whenever the file may have changed. */
  readonly signature: string;
  /** When it last changed, in milliseconds since 1970. */
  readonly changedMs: number;
}

/** How many files of a folder are looked at together. */
const atOnce = 64;

/** What the operating system says about a path. */
type State = { readonly stats: Stats } | { readonly failure: unknown };

/** One name in a folder. */
interface Entry {
  readonly name: string;
  readonly path: string;
  readonly state: State;
}

async function entryOf(folder: string, name: string): Promise<Entry> {
  const path = join(folder, name);
  return { name, path, state: await stateOf(path) };
}

async function stateOf(path: string): Promise<State> {
  try {
    return { stats: await stat(path) };
  } catch (failure) {
    return { failure };
  }
}

/** What is in a folder, without its texts. */
export interface Walk {
  readonly files: readonly FoundFile[];
  /** Every folder that was entered: the ones to watch. */
  readonly folders: readonly string[];
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Lists the manifests under `root` in the order of their paths: `*.yaml`, `*.yml`, `*.json`, recursively, symbolic links
 * followed; nothing hidden and no `node_modules`. A `root` that is a file is taken whatever its name. What cannot be read becomes
 * a diagnostic; nothing is skipped silently.
 */
export async function walkFolder(root: string, limits: SourceLimits): Promise<Walk> {
  const walker = new Walker(limits);
  await walker.visitRoot(root);
  walker.files.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  return walker;
}

class Walker implements Walk {
  readonly files: FoundFile[] = [];
  readonly folders: string[] = [];
  readonly diagnostics: Diagnostic[] = [];

  constructor(private readonly limits: SourceLimits) {}

  async visitRoot(root: string): Promise<void> {
    const state = await stateOf(root);
    if ('failure' in state) this.diagnostics.push(unreadableBecause(root, state.failure));
    else if (state.stats.isDirectory()) await this.#visitFolder(root, []);
    else this.#addFile(root, state.stats);
  }

  /** `above`: the real paths of the folders on the way here, by which a loop of links is seen. */
  async #visitFolder(folder: string, above: readonly string[]): Promise<void> {
    try {
      const real = await realpath(folder);
      if (above.includes(real)) {
        const message = `\`${folder}\` is a symbolic link to a folder that holds it`;
        this.diagnostics.push(unreadable(folder, message, 'remove the link'));
        return;
      }
      if (above.length >= this.limits.depth) {
        const message = `folders are nested deeper than ${this.limits.depth} at \`${folder}\``;
        this.diagnostics.push(unreadable(folder, message, 'give a folder that holds manifests only'));
        return;
      }
      const names = await readdir(folder);
      this.folders.push(folder);
      const visited = names.filter((name) => !name.startsWith('.') && name !== 'node_modules').sort();
      for (let start = 0; start < visited.length && this.files.length <= this.limits.files; start += atOnce) {
        const entries = await Promise.all(visited.slice(start, start + atOnce).map((name) => entryOf(folder, name)));
        for (const entry of entries) await this.#visitEntry(entry, [...above, real]);
      }
    } catch (error) {
      this.diagnostics.push(unreadableBecause(folder, error));
    }
  }

  async #visitEntry({ name, path, state }: Entry, above: readonly string[]): Promise<void> {
    if (this.files.length > this.limits.files) return;
    const isManifest = /\.(ya?ml|json)$/.test(name);
    if ('failure' in state) {
      // A dangling link that is no manifest by its name says nothing about what was meant.
      if (isManifest) this.diagnostics.push(unreadableBecause(path, state.failure));
    } else if (state.stats.isDirectory()) await this.#visitFolder(path, above);
    else if (isManifest) this.#addFile(path, state.stats);
  }

  #addFile(path: string, stats: Stats): void {
    const problem = this.#problemWith(path, stats);
    if (problem !== undefined) this.diagnostics.push(problem);
    else {
      const signature = [stats.dev, stats.ino, stats.size, stats.mtimeMs, stats.ctimeMs].join(':');
      this.files.push({ path, size: stats.size, signature, changedMs: Math.max(stats.mtimeMs, stats.ctimeMs) });
    }
  }

  #problemWith(path: string, stats: Stats): Diagnostic | undefined {
    if (!stats.isFile()) return unreadable(path, `\`${path}\` is not a regular file`, 'move it out of the folder');
    if (stats.size > this.limits.fileBytes) {
      return unreadable(
        path,
        `\`${path}\` is larger than ${this.limits.fileBytes} bytes`,
        'split it, or move it out of the folder',
      );
    }
    if (this.files.length === this.limits.files) {
      return unreadable(path, `there are more than ${this.limits.files} manifests`, 'give a folder that holds one mesh only');
    }
    return undefined;
  }
}
