import { type Diagnostic, sortDiagnostics } from '../../diagnostic/diagnostic.js';
import { Reporter } from '../../diagnostic/reporter.js';
import type { SourceFile } from '../../diagnostic/span.js';
import type { DecodeContext } from '../decode/context.js';
import type { Dialect } from '../dialect.js';
import { findOlderKind } from '../kinds/registry.js';
import type { ResourceSet } from '../model/index.js';
import type { Node } from '../parse/node.js';
import { parseFile } from '../parse/parse-documents.js';
import { isMeshConfigFile, readMeshConfig, readMeshConfigMap } from './mesh-config-source.js';
import { type Found, readObjects } from './read-object.js';
import { ResourceCollector } from './resource-collector.js';

/** What loading gives: the valid objects, and everything that was wrong with the others. */
export interface LoadedResources {
  readonly set: ResourceSet;
  /** Sorted by place. If any of them is an invalid error (`hasInvalid`), nothing of the set may be applied. */
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Reads, decodes and validates manifests: the first step of everything. Total: any text gives objects, located diagnostics, or
 * both. An object with an error is not in the set; a folder with one is refused as a whole by whoever applies it.
 */
export function loadResources(files: readonly SourceFile[], dialect: Dialect): LoadedResources {
  const reporter = new Reporter();
  const context = { dialect, reporter };
  const collector = new ResourceCollector(reporter);
  const lastKeyWins = (kind: string) => dialect.name === 'upstream' && findOlderKind(kind) !== undefined;
  for (const file of files) {
    const meshConfig = isMeshConfigFile(file.path);
    for (const node of parseFile(file, reporter, lastKeyWins)) {
      if (meshConfig) collectMeshConfig(node, context, collector);
      else for (const found of readObjects(node, context)) collect(found, context, collector);
    }
  }
  return { set: collector.finish(), diagnostics: sortDiagnostics(reporter.diagnostics) };
}

function collectMeshConfig(node: Node, context: DecodeContext, collector: ResourceCollector): void {
  const config = readMeshConfig(node, context);
  if (config !== undefined) collector.addMeshConfig(config);
}

function collect(found: Found, context: DecodeContext, collector: ResourceCollector): void {
  if (found.found === 'resource') collector.addResource(found.resource);
  else if (found.found === 'skipped') collector.skip(found.kind);
  else if (found.found === 'config-map') {
    const before = context.reporter.errorCount;
    const config = readMeshConfigMap(found.object, context);
    if (config !== undefined) collector.addMeshConfig(config);
    else if (context.reporter.errorCount === before) collector.skip('ConfigMap');
  }
}
