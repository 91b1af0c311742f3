import {
  buildInventory,
  type Diagnostic,
  type Dialect,
  type DialectName,
  type Inventory,
  loadResources,
  type ResourceSet,
  type SourceFile,
} from '@sallyport/policy';
import type { RecordedMesh } from '../recorded/recorded-case.js';

/** A recorded mesh as one dialect reads it. */
export interface Reading {
  readonly dialect: Dialect;
  readonly set: ResourceSet;
  readonly inventory: Inventory;
  /** What makes objects invalid; they are not in the set. */
  readonly refused: readonly Diagnostic[];
}

/** A recorded mesh in both dialects. */
export interface BothDialects {
  readonly strict: Reading;
  readonly upstream: Reading;
}

/** Reads a recorded mesh in both dialects; what is invalid is left out and told. */
export function readInBoth(mesh: RecordedMesh): BothDialects {
  return { strict: read(mesh, 'strict'), upstream: read(mesh, 'upstream') };
}

function read({ id, manifests, meshConfig, flags = {} }: RecordedMesh, name: DialectName): Reading {
  const dialect: Dialect = {
    name,
    flags: Object.fromEntries(Object.entries(flags).map(([flag, value]) => [flag, String(value)])),
  };
  const config = meshConfig ? [{ path: 'meshconfig.json', text: JSON.stringify(meshConfig) }] : [];
  const files: readonly SourceFile[] = [{ path: `${id}.yaml`, text: manifests }, ...config];
  const { set, diagnostics } = loadResources(files, dialect);
  const refused = diagnostics.filter(({ kind, severity }) => kind === 'invalid' && severity === 'error');
  return { dialect, set, inventory: buildInventory(set, dialect).inventory, refused };
}
