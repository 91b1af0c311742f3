import type { Inventory, SourceFile } from '@sallyport/policy';
import type { MeshAddresses } from './mesh-addresses.js';

/** A state of the mesh, as the supervisor sees it. */
export interface MeshVersion {
  readonly number: number;
  readonly since: Date;
  readonly inventory: Inventory;
  readonly files: readonly SourceFile[];
  readonly addresses: MeshAddresses;
}
