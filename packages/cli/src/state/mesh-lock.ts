import { randomBytes } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { identifyProcess, isRunning, type ProcessIdentity } from './process-identity.js';

/** Held by the one supervisor of a mesh for as long as it lives. */
export interface MeshLock {
  release(): Promise<void>;
}

/** Takes the lock of a state folder; resolves with the process that has it where that one runs. */
export async function lockMesh(directory: string): Promise<MeshLock | ProcessIdentity> {
  const path = join(directory, 'supervisor.lock');
  const own = identifyProcess(process.pid);
  const text = JSON.stringify(own);
  for (;;) {
    try {
      await writeFile(path, text, { flag: 'wx', mode: 0o600 });
      return { release: () => rm(path, { force: true }) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const holder = await readHolder(path);
    if (holder !== undefined && isRunning(holder)) return holder;
    // Renamed rather than removed: of two that find the same stale lock, one gets it.
    const stale = `${path}.${randomBytes(6).toString('hex')}`;
    await rename(path, stale).catch(() => undefined);
    await rm(stale, { force: true });
  }
}

async function readHolder(path: string): Promise<ProcessIdentity | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as ProcessIdentity;
  } catch {
    return undefined;
  }
}
