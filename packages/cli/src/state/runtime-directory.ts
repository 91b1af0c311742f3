import { createHash } from 'node:crypto';
import { lstat, mkdir, readdir, realpath } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { CommandFailure } from '../exit-status.js';

/** Where the state of all meshes of this user is: `${XDG_RUNTIME_DIR or the temporary folder}/sallyport-UID`. */
function runtimeDirectory(): string {
  const base = process.env.XDG_RUNTIME_DIR;
  return join(base === undefined || base === '' ? tmpdir() : base, `sallyport-${process.getuid?.() ?? 'user'}`);
}

/** The name of the mesh of a folder: the folder's own name, for people, and a hash of its real path, so that no two meet. */
export async function meshId(folder: string): Promise<string> {
  const path = await realpath(folder).catch(() => resolve(folder));
  const name = basename(path)
    .toLowerCase()
    .replaceAll(/[^a-z0-9-]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 24);
  const hash = createHash('sha256').update(path).digest('hex').slice(0, 8);
  return name === '' ? hash : `${name}-${hash}`;
}

/** The folder of one mesh's state. Made where it is missing, for this user only. */
export async function prepareMeshDirectory(id: string): Promise<string> {
  const base = runtimeDirectory();
  await privateDirectory(base);
  const directory = join(base, id);
  await privateDirectory(directory);
  await privateDirectory(join(directory, 'logs'));
  return directory;
}

/** The state folders of all meshes that left any; empty where the folder is missing or not ours. */
export async function meshDirectories(): Promise<string[]> {
  const base = runtimeDirectory();
  if (!(await isPrivate(base))) return [];
  const names = await readdir(base);
  return names.sort().map((name) => join(base, name));
}

async function privateDirectory(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  if (await isPrivate(path)) return;
  throw new CommandFailure(`\`${path}\` is not a folder of this user alone, so keys cannot be kept there`, {
    hint: 'remove it, or set XDG_RUNTIME_DIR to a folder of yours',
  });
}

/** Whoever made the folder before us could read the keys in it or put others there; lstat, as a link could lead anywhere. */
async function isPrivate(path: string): Promise<boolean> {
  const stats = await lstat(path).catch(() => undefined);
  if (stats === undefined || !stats.isDirectory()) return false;
  const mine = process.getuid === undefined || stats.uid === process.getuid();
  return mine && (stats.mode & 0o077) === 0;
}
