import type { Diagnostic } from '../../diagnostic/diagnostic.js';
import { Reporter } from '../../diagnostic/reporter.js';
import { SharedMap } from '../../shared-map.js';
import type { Resource, ResourceSet } from '../model/index.js';
import { defaultMeshConfig, type MeshConfig } from '../model/istio.js';
import { type LoadedFile, objectKey } from './load-file.js';

/** What files come to together. */
interface MergedFiles {
  readonly set: ResourceSet;
  readonly diagnostics: readonly Diagnostic[];
  /** Undefined where something is declared twice. */
  readonly objects: SharedMap<Resource> | undefined;
}

/** Gathers what the files of a folder hold, and refuses what they say twice. */
export function mergeFiles(files: readonly LoadedFile[]): MergedFiles {
  const reporter = new Reporter();
  const objects = new Map<string, Resource>();
  let meshConfig: MeshConfig | undefined;
  for (const item of files.flatMap(({ items }) => items)) {
    if (item.found === 'resource') {
      const key = objectKey(item.resource);
      const earlier = objects.get(key);
      if (earlier === undefined) objects.set(key, item.resource);
      else reportDuplicate(item.resource, earlier, reporter);
    } else if (item.found === 'mesh-config') {
      if (meshConfig === undefined) meshConfig = item.config;
      else reportSecondConfig(item.config, meshConfig, reporter);
    }
  }
  return {
    set: {
      resources: [...objects.values()],
      meshConfig: meshConfig ?? defaultMeshConfig,
      skippedKinds: countSkipped(files),
    },
    diagnostics: [...files.flatMap(({ diagnostics }) => diagnostics), ...reporter.diagnostics],
    objects: reporter.diagnostics.length === 0 ? SharedMap.of(objects) : undefined,
  };
}

/** Kinds that were skipped because nothing about them matters here, with how many objects of each. */
export function countSkipped(files: Iterable<LoadedFile>): ResourceSet['skippedKinds'] {
  const counts = new Map<string, number>();
  for (const { items } of files) {
    for (const item of items) if (item.found === 'skipped') counts.set(item.kind, (counts.get(item.kind) ?? 0) + 1);
  }
  return Object.fromEntries([...counts].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function reportDuplicate(resource: Resource, earlier: Resource, reporter: Reporter): void {
  const { name, namespace, nameSpan } = resource.metadata;
  const kind = resource.kind === 'Unmodelled' ? resource.writtenKind : resource.kind;
  const place = namespace === '' ? '' : ` in namespace \`${namespace}\``;
  reporter.report('duplicate-object', nameSpan, `${kind} \`${name}\`${place} is declared twice`, {
    hint: 'keep one of the two, or rename one',
    related: [{ message: 'first declared here', span: earlier.metadata.nameSpan }],
  });
}

function reportSecondConfig({ span }: MeshConfig, first: MeshConfig, reporter: Reporter): void {
  if (span === undefined) return;
  reporter.report('mesh-config-duplicate', span, 'MeshConfig is declared twice', {
    hint: 'keep one of the two',
    related: first.span === undefined ? [] : [{ message: 'first declared here', span: first.span }],
  });
}
