import { randomBytes } from 'node:crypto';
import { link, mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CommandFailure } from '../exit-status.js';

/** A file to write. */
export interface NewFile {
  readonly name: string;
  readonly text: string;
  readonly mode: number;
}

/**
 * Writes files that belong together into a folder, which it makes where it is missing: each appears whole, with its mode, whatever the umask
 * and the moment of a crash. Without `replace` it throws `CommandFailure` where one of them exists, and leaves none.
 */
export async function writeFileSet(folder: string, files: readonly NewFile[], { replace }: { replace: boolean }): Promise<void> {
  await mkdir(folder, { recursive: true }).catch((error: NodeJS.ErrnoException) => {
    throw new CommandFailure(`\`${folder}\` cannot be made: ${error.code ?? error.message}`, { hint: 'name a folder' });
  });
  const suffix = `.${randomBytes(6).toString('hex')}.new`;
  const written: string[] = [];
  const placed: string[] = [];
  try {
    for (const file of files) {
      const temporary = join(folder, `${file.name}${suffix}`);
      written.push(temporary);
      await writeWhole(temporary, file);
    }
    for (const { name } of files) {
      const temporary = join(folder, `${name}${suffix}`);
      if (replace) await rename(temporary, join(folder, name));
      else placed.push(await placeNew(temporary, join(folder, name)));
    }
  } catch (error) {
    await Promise.all(placed.map((path) => rm(path, { force: true })));
    throw error instanceof CommandFailure
      ? error
      : new CommandFailure(`cannot write to \`${folder}\`: ${(error as NodeJS.ErrnoException).code ?? String(error)}`);
  } finally {
    await Promise.all(written.map((path) => rm(path, { force: true })));
  }
}

async function writeWhole(path: string, { text, mode }: NewFile): Promise<void> {
  // Only this user's from the first moment on; `wx`: never through a link that somebody put there.
  const handle = await open(path, 'wx', 0o600);
  try {
    await handle.writeFile(text);
    await handle.chmod(mode);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Gives a file its name unless that is taken; unlike a rename, a link never replaces. */
async function placeNew(temporary: string, path: string): Promise<string> {
  try {
    await link(temporary, path);
    return path;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw new CommandFailure(`\`${path}\` exists`, { hint: 'name another folder, or replace it with --force' });
  }
}
