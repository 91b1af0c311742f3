import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ProxyCredential } from '@sallyport/mesh';
import type { CommandUser } from '../isolation/command-user.js';
import { listNamespaces } from '../isolation/remove-namespaces.js';
import type { LaunchPlace } from '../isolation/workload-launcher.js';
import { isRunning, type ProcessIdentity } from './process-identity.js';
import { meshDirectories } from './runtime-directory.js';

/**
 * What a mesh leaves in its state folder (`mesh.json`): enough to run commands in it, to show it and to end it, also when its
 * supervisor is gone.
 */
export interface MeshState {
  readonly id: string;
  /** Real path of the folder. */
  readonly folder: string;
  readonly supervisor: ProcessIdentity;
  readonly gates: readonly (ProcessIdentity & { readonly name: string })[];
  /** Leaders of the process groups of commands that run workloads. */
  readonly applications: readonly (ProcessIdentity & { readonly workload: string })[];
  readonly workloads: readonly WorkloadAccess[];
  /** Of an isolated mesh: whom commands run as. */
  readonly commandUser?: CommandUser;
}

/** How to run a command as a workload. */
export interface WorkloadAccess {
  readonly key: string;
  readonly namespace: string;
  readonly name: string;
  readonly ownerName: string;
  /** Absent for one that has no ztunnel. */
  readonly proxy?: ProxyCredential & { readonly address: string; readonly port: number };
  /** In an isolated mesh: where it is. */
  readonly place?: LaunchPlace;
}

/** A mesh that was found, with its state folder. */
export interface FoundMesh {
  readonly directory: string;
  readonly state: MeshState;
}

/** Replaces the state of a mesh as a whole. For this user's eyes only: it holds credentials. */
export async function writeMeshState(directory: string, state: MeshState): Promise<void> {
  const path = join(directory, 'mesh.json');
  await writeFile(`${path}.new`, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
  await rename(`${path}.new`, path);
}

/** The state in a folder; undefined where there is none that can be read. */
export async function readMeshState(directory: string): Promise<MeshState | undefined> {
  try {
    return JSON.parse(await readFile(join(directory, 'mesh.json'), 'utf8')) as MeshState;
  } catch {
    return undefined;
  }
}

/** All meshes of this user of which something is left: a process, or a network namespace. */
export async function findMeshes(): Promise<FoundMesh[]> {
  const found: FoundMesh[] = [];
  for (const directory of await meshDirectories()) {
    const state = await readMeshState(directory);
    if (state === undefined) continue;
    const hasNamespaces = state.commandUser !== undefined && (await listNamespaces(state.id)).length > 0;
    if (isAlive(state) || hasNamespaces) found.push({ directory, state });
  }
  return found;
}

/** Whether any process of the mesh still runs. */
export function isAlive(state: MeshState): boolean {
  return [state.supervisor, ...state.gates, ...state.applications].some(isRunning);
}
