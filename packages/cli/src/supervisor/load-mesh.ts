import type { Reading } from '@sallyport/control';
import {
  buildInventory,
  type Diagnostic,
  type Dialect,
  hasInvalid,
  type Inventory,
  loadResources,
  type SourceFile,
  sortDiagnostics,
} from '@sallyport/policy';

/** What a reading of the folder means: an inventory, or what is wrong. */
export type LoadedMesh =
  | { readonly inventory: Inventory; readonly files: readonly SourceFile[] }
  | { readonly inventory?: never; readonly files: readonly SourceFile[]; readonly diagnostics: readonly Diagnostic[] };

/** Makes an inventory of a reading, as a whole or not at all: one invalid object refuses everything. */
export function loadMesh(reading: Reading, dialect: Dialect): LoadedMesh {
  const { files } = reading;
  const { set, diagnostics } = loadResources(files, dialect);
  const { inventory, diagnostics: building } = buildInventory(set, dialect);
  const all = [...reading.diagnostics, ...diagnostics, ...building];
  if (!hasInvalid(all)) return { inventory, files };
  return { files, diagnostics: sortDiagnostics(all.filter((one) => one.kind === 'invalid')) };
}
