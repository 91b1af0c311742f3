import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { listNamespaces, removeNamespaces } from '../isolation/remove-namespaces.js';
import type { MeshState } from './mesh-state.js';
import { isRunning, type ProcessIdentity, signalGroup, signalProcess, waitForEnd } from './process-identity.js';

/** How long a supervisor may take to end its mesh when asked to: the drain of its gates and a margin. */
const supervisorMs = 15_000;
/** How long gates and applications that lost their supervisor get before they are killed. */
const politeMs = 5_000;

/**
 * Ends every process of a mesh that still runs: the supervisor is asked first and ends the rest; what is left then is asked, and
 * killed. Returns how many were ended. Processes are told by start time, so a number in use again is never signalled.
 */
export async function endMesh(directory: string, state: MeshState): Promise<number> {
  const all = [state.supervisor, ...state.gates, ...state.applications].filter(isRunning);
  if (signalProcess(state.supervisor, 'SIGTERM')) {
    const left = await waitForEnd([state.supervisor], supervisorMs);
    for (const one of left) signalProcess(one, 'SIGKILL');
  }
  await endOrphans(state);
  await rm(join(directory, 'mesh.json'), { force: true });
  await rm(join(directory, 'control.sock'), { force: true });
  await rm(join(directory, 'namespaces'), { recursive: true, force: true });
  return all.length;
}

/** Ends gates and applications whose supervisor is gone, and removes their network namespaces. */
export async function endOrphans(state: MeshState): Promise<void> {
  const alive: ProcessIdentity[] = [...state.gates, ...state.applications].filter(isRunning);
  for (const gate of state.gates) signalProcess(gate, 'SIGTERM');
  for (const application of state.applications) signalGroup(application, 'SIGTERM');
  for (const one of await waitForEnd(alive, politeMs)) signalProcess(one, 'SIGKILL');
  // A leader may be gone and its group not.
  for (const application of state.applications) signalGroup(application, 'SIGKILL');
  await waitForEnd(alive, politeMs);
  // One of the same name could be another user's: only a mesh that was isolated has any.
  if (state.commandUser !== undefined) await removeNamespaces(await listNamespaces(state.id));
}
