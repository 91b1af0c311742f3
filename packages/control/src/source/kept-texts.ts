import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Diagnostic, SourceFile } from '@sallyport/policy';
import { unreadable, unreadableBecause } from './unreadable.js';
import type { FoundFile } from './walk-folder.js';

/** A file with a digest of its text. */
export interface KeptText {
  readonly file: SourceFile;
  readonly digest: string;
}

interface Entry extends KeptText {
  readonly signature: string;
  /** Whether the file was left alone for so long before it was read that another write would show in its signature. */
  readonly settled: boolean;
}

/** Times of files are coarser than clocks: two writes within a tick have one time, so a file that is younger than this is read again. */
const tickMs = 2000;

/** Texts of files, read anew only where a file may have changed. An unchanged text is the same object each time. */
export class KeptTexts {
  readonly #entries = new Map<string, Entry>();

  /** The text of a file that was found, or why it has none. */
  async read(found: FoundFile): Promise<KeptText | Diagnostic> {
    const known = this.#entries.get(found.path);
    if (known?.settled === true && known.signature === found.signature) return known;
    const settled = Date.now() - found.changedMs > tickMs;
    const text = await readText(found.path, readFile(found.path));
    if (typeof text !== 'string') {
      this.#entries.delete(found.path);
      return text;
    }
    const kept = known?.file.text === text ? known : keepText(found.path, text);
    this.#entries.set(found.path, { file: kept.file, digest: kept.digest, signature: found.signature, settled });
    return kept;
  }

  /** Forgets files that are not among these. */
  retain(paths: ReadonlySet<string>): void {
    for (const path of this.#entries.keys()) if (!paths.has(path)) this.#entries.delete(path);
  }
}

/** A text with its digest. */
export function keepText(path: string, text: string): KeptText {
  return { file: { path, text }, digest: createHash('sha256').update(text).digest('base64') };
}

/** UTF-8 text, or why it is none. Never rejects. */
export async function readText(path: string, bytes: Promise<Uint8Array>): Promise<string | Diagnostic> {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(await bytes);
  } catch (error) {
    if (error instanceof TypeError) return unreadable(path, `\`${path}\` is not UTF-8 text`, 'save it as UTF-8');
    return unreadableBecause(path, error);
  }
}
