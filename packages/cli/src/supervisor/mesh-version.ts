import type { Inventory, SourceFile } from '@sallyport/policy';
import type { LoadedMesh } from './load-mesh.js';
import type { MeshAddresses } from './mesh-addresses.js';

/** A state of the mesh, as the supervisor sees it. */
export interface MeshVersion {
  readonly number: number;
  readonly since: Date;
  /** What the next state can be made from. */
  readonly loaded: LoadedMesh;
  readonly inventory: Inventory;
  readonly files: readonly SourceFile[];
  readonly addresses: MeshAddresses;
}
