import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { CommandFailure } from '../exit-status.js';
import { endOrphans } from './end-mesh.js';
import { lockMesh } from './mesh-lock.js';
import { isAlive, readMeshState } from './mesh-state.js';

/** The right to run the mesh of a state folder. */
export interface MeshClaim {
  /** How many processes of a supervisor that had crashed were ended. */
  readonly ended: number;
  /** Gives the right back, the state of the mesh with it. */
  release(): Promise<void>;
}

/**
 * Takes a mesh over: where its supervisor is gone, what that one left running is ended first. Throws `CommandFailure` where
 * the supervisor still runs.
 */
export async function claimMesh(directory: string, folder: string): Promise<MeshClaim> {
  const lock = await lockMesh(directory);
  if (!('release' in lock)) {
    throw new CommandFailure(`the mesh of \`${folder}\` is already up (process ${lock.pid})`, {
      hint: `see \`sallyport status --mesh ${folder}\`, or end it with \`sallyport down ${folder}\``,
    });
  }
  const left = await readMeshState(directory);
  const ended = left !== undefined && isAlive(left) ? [...left.gates, ...left.applications].length : 0;
  if (left !== undefined) await endOrphans(left);
  return {
    ended,
    release: async () => {
      await rm(join(directory, 'mesh.json'), { force: true });
      await rm(join(directory, 'control.sock'), { force: true });
      await lock.release();
    },
  };
}
