import type { Stats } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Diagnostic } from '@sallyport/policy';
import type { SourceLimits } from './limits.js';
import { unreadable, unreadableBecause } from './unreadable.js';

/** A manifest file that was found, with what tells one state of it from another. */
interface FoundFile {
  /** As the user would type it. */
  readonly path: string;
  readonly size: number;
  /** Device, inode, size and times: different whenever the file may have changed. */
  readonly signature: string;
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
    const stats = await this.#stat(root);
    if (stats === undefined) return;
    if (stats.isDirectory()) await this.#visitFolder(root, []);
    else this.#addFile(root, stats);
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
      for (const name of names.sort()) await this.#visitEntry(join(folder, name), name, [...above, real]);
    } catch (error) {
      this.diagnostics.push(unreadableBecause(folder, error));
    }
  }

  async #visitEntry(path: string, name: string, above: readonly string[]): Promise<void> {
    if (name.startsWith('.') || name === 'node_modules' || this.files.length > this.limits.files) return;
    const isManifest = /\.(ya?ml|json)$/.test(name);
    const stats = await this.#stat(path, !isManifest);
    if (stats?.isDirectory()) await this.#visitFolder(path, above);
    else if (stats !== undefined && isManifest) this.#addFile(path, stats);
  }

  /** `quietly`: a dangling link that is no manifest by its name says nothing about what was meant. */
  async #stat(path: string, quietly = false): Promise<Stats | undefined> {
    try {
      return await stat(path);
    } catch (error) {
      if (!quietly) this.diagnostics.push(unreadableBecause(path, error));
      return undefined;
    }
  }

  #addFile(path: string, stats: Stats): void {
    const problem = this.#problemWith(path, stats);
    if (problem !== undefined) this.diagnostics.push(problem);
    else {
      const signature = [stats.dev, stats.ino, stats.size, stats.mtimeMs, stats.ctimeMs].join(':');
      this.files.push({ path, size: stats.size, signature });
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
