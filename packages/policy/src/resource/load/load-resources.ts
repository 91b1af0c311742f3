import { type Diagnostic, sortDiagnostics } from '../../diagnostic/diagnostic.js';
import type { SourceFile } from '../../diagnostic/span.js';
import type { SharedMap } from '../../shared-map.js';
import type { Dialect } from '../dialect.js';
import type { Resource, ResourceSet } from '../model/index.js';
import { type LoadedFile, loadFile } from './load-file.js';
import { mergeFiles } from './merge-files.js';

/** What loading gives: the valid objects, and everything that was wrong with the others. */
export interface LoadedResources {
  readonly set: ResourceSet;
  /** Sorted by place. If any of them is an invalid error (`hasInvalid`), nothing of the set may be applied. */
  readonly diagnostics: readonly Diagnostic[];
  readonly dialect: Dialect;
  /** What was read, in order: what `nextResources` need not read again. */
  readonly files: readonly LoadedFile[];
  /** By group, kind, namespace and name; undefined where something is declared twice. */
  readonly objects: SharedMap<Resource> | undefined;
}

/**
 * Reads, decodes and validates manifests: the first step of everything. Total: any text gives objects, located diagnostics, or
 * both. An object with an error is not in the set; a folder with one is refused as a whole by whoever applies it.
 */
export function loadResources(files: readonly SourceFile[], dialect: Dialect): LoadedResources {
  return loaded(
    files.map((file) => loadFile(file, dialect)),
    dialect,
  );
}

/** Puts files together that were read each by itself. */
export function loaded(files: readonly LoadedFile[], dialect: Dialect): LoadedResources {
  const { set, diagnostics, objects } = mergeFiles(files);
  return { set, diagnostics: sortDiagnostics(diagnostics), dialect, files, objects };
}
