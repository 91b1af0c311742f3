import type { Reading } from '@sallyport/control';
import {
  type BuiltInventory,
  buildInventory,
  type Diagnostic,
  type Dialect,
  hasInvalid,
  type LoadedResources,
  loadResources,
  nextInventory,
  nextResources,
  type SourceFile,
  sortDiagnostics,
} from '@sallyport/policy';

/** A reading of the folder that is valid, with what the next one can be made from. */
export interface LoadedMesh {
  readonly files: readonly SourceFile[];
  readonly resources: LoadedResources;
  readonly built: BuiltInventory;
}

/** A reading of the folder that is not. */
export interface InvalidMesh {
  readonly files: readonly SourceFile[];
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Makes an inventory of a reading, as a whole or not at all: one invalid object refuses everything. `previous` is a state of the same
 * folder, of which all that has not changed is kept.
 */
export function loadMesh(reading: Reading, dialect: Dialect, previous?: LoadedMesh): LoadedMesh | InvalidMesh {
  const { files } = reading;
  const loaded = previous === undefined ? begin(files, dialect) : goOn(previous, files);
  const all = [...reading.diagnostics, ...loaded.resources.diagnostics, ...loaded.built.diagnostics];
  if (!hasInvalid(all)) return loaded;
  return { files, diagnostics: sortDiagnostics(all.filter((one) => one.kind === 'invalid')) };
}

function begin(files: readonly SourceFile[], dialect: Dialect): LoadedMesh {
  const resources = loadResources(files, dialect);
  return { files, resources, built: buildInventory(resources.set, dialect) };
}

function goOn(previous: LoadedMesh, files: readonly SourceFile[]): LoadedMesh {
  const resources = nextResources(previous.resources, files);
  return { files, resources, built: nextInventory(previous.built, resources) };
}
