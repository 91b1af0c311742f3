import type { Diagnostic } from '../../diagnostic/diagnostic.js';
import { Reporter } from '../../diagnostic/reporter.js';
import type { SourceFile } from '../../diagnostic/span.js';
import type { DecodeContext } from '../decode/context.js';
import type { Dialect } from '../dialect.js';
import { findOlderKind } from '../kinds/registry.js';
import type { Resource } from '../model/index.js';
import type { MeshConfig } from '../model/istio.js';
import type { Node } from '../parse/node.js';
import { parseFile } from '../parse/parse-documents.js';
import { isMeshConfigFile, readMeshConfig, readMeshConfigMap } from './mesh-config-source.js';
import { type Found, readObjects } from './read-object.js';

/** One thing that a file holds. */
export type LoadedItem =
  | { readonly found: 'resource'; readonly resource: Resource }
  | { readonly found: 'mesh-config'; readonly config: MeshConfig }
  | { readonly found: 'skipped'; readonly kind: string };

/** What one file means by itself, whatever stands in the others: text that has not changed need not be read again. */
export interface LoadedFile {
  readonly source: SourceFile;
  readonly items: readonly LoadedItem[];
  /** In the order in which they were found. */
  readonly diagnostics: readonly Diagnostic[];
}

/** Reads, decodes and validates one file. Total. */
export function loadFile(file: SourceFile, dialect: Dialect): LoadedFile {
  const reporter = new Reporter();
  const context = { dialect, reporter };
  const meshConfig = isMeshConfigFile(file.path);
  const lastKeyWins = (kind: string) => dialect.name === 'upstream' && findOlderKind(kind) !== undefined;
  const items = parseFile(file, reporter, lastKeyWins).flatMap((node) =>
    meshConfig ? meshConfigItem(node, context) : readObjects(node, context).flatMap((found) => itemOf(found, context)),
  );
  return { source: file, items, diagnostics: reporter.diagnostics };
}

function meshConfigItem(node: Node, context: DecodeContext): LoadedItem[] {
  const config = readMeshConfig(node, context);
  return config === undefined ? [] : [{ found: 'mesh-config', config }];
}

function itemOf(found: Found, context: DecodeContext): LoadedItem[] {
  if (found.found === 'resource' || found.found === 'skipped') return [found];
  if (found.found === 'nothing') return [];
  const before = context.reporter.errorCount;
  const config = readMeshConfigMap(found.object, context);
  if (config !== undefined) return [{ found: 'mesh-config', config }];
  return context.reporter.errorCount === before ? [{ found: 'skipped', kind: 'ConfigMap' }] : [];
}

/** Group, kind, namespace and name, without version: one object served in two versions is the same object. */
export function objectKey(resource: Resource): string {
  const slash = resource.apiVersion.indexOf('/');
  const group = slash === -1 ? '' : resource.apiVersion.slice(0, slash);
  const kind = resource.kind === 'Unmodelled' ? resource.writtenKind : resource.kind;
  return `${group}/${kind}/${resource.metadata.namespace}/${resource.metadata.name}`;
}
