import { CommandFailure } from '../exit-status.js';
import { isAnyIsolated } from '../isolation/remove-namespaces.js';
import { type FoundMesh, findMeshes } from './mesh-state.js';
import { meshId } from './runtime-directory.js';

/**
 * Finds the mesh that a command means: the one of `folder` where given, else the one that `$SALLYPORT_MESH` names (a folder or
 * a mesh's name), else the only one that is up. Throws `CommandFailure` where there is none or the choice is open.
 */
export async function chooseMesh(folder: string | undefined): Promise<FoundMesh> {
  const meshes = await findMeshes();
  const wanted = folder ?? (process.env.SALLYPORT_MESH || undefined);
  if (wanted !== undefined) return named(meshes, wanted, await meshId(wanted));
  const [only, ...others] = meshes;
  if (only === undefined) {
    const hint = (await isAnyIsolated())
      ? 'an isolated mesh is there, which belongs to root: use sudo'
      : 'start one with `sallyport up DIR`';
    throw new CommandFailure('no mesh is up', { hint });
  }
  if (others.length === 0) return only;
  const folders = meshes.map((mesh) => mesh.state.folder).join(', ');
  throw new CommandFailure(`several meshes are up: ${folders}`, { hint: 'name one with `--mesh DIR` or in SALLYPORT_MESH' });
}

function named(meshes: readonly FoundMesh[], wanted: string, id: string): FoundMesh {
  const mesh = meshes.find(({ state }) => state.id === id || state.id === wanted);
  if (mesh !== undefined) return mesh;
  throw new CommandFailure(`the mesh of \`${wanted}\` is not up`, { hint: `start it with \`sallyport up ${wanted}\`` });
}
