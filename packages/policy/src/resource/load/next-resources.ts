import { sortDiagnostics } from '../../diagnostic/diagnostic.js';
import type { SourceFile } from '../../diagnostic/span.js';
import { sameData } from '../../same-data.js';
import type { SharedMap } from '../../shared-map.js';
import type { Dialect } from '../dialect.js';
import type { Resource, ResourceSet } from '../model/index.js';
import { type LoadedFile, type LoadedItem, loadFile, objectKey } from './load-file.js';
import { type LoadedResources, loaded } from './load-resources.js';
import { countSkipped } from './merge-files.js';

/** What is different between two readings; an object that changed is among both. */
export interface ResourceChange {
  readonly removed: readonly Resource[];
  readonly added: readonly Resource[];
}

/** A later reading of the same files. */
export interface NextResources extends LoadedResources {
  /** Undefined where it is not known: then everything may be different. */
  readonly change: ResourceChange | undefined;
}

/**
 * Loads files of which most are as they were: those are not read again, and an object that is the same in a file that changed is
 * the same object. The result is what `loadResources` makes of the files. In doubt, of MeshConfig and of anything declared twice, all files are put
 * together anew.
 */
export function nextResources(previous: LoadedResources, sources: readonly SourceFile[]): NextResources {
  const { files, before, after } = readAgain(previous, sources);
  // A path that is among them twice is one file to the reading, and every object in it is declared twice.
  const change = new Set(files).size < files.length ? undefined : changeOf(before, after);
  const objects = previous.objects && change && nextObjects(previous.objects, change);
  if (change === undefined || objects === undefined) return { ...loaded(files, previous.dialect), change: undefined };
  const touched = [...before, ...after];
  let resources: readonly Resource[] | undefined;
  const set: ResourceSet = {
    // Whoever goes on from the inventory before does not need the list of all.
    get resources() {
      resources ??= files.flatMap(({ items }) => resourcesOf(items));
      return resources;
    },
    meshConfig: previous.set.meshConfig,
    skippedKinds: touched.some(hasSkipped) ? countSkipped(files) : previous.set.skippedKinds,
  };
  const diagnostics = touched.some((file) => file.diagnostics.length > 0)
    ? sortDiagnostics(files.flatMap((file) => file.diagnostics))
    : previous.diagnostics;
  return { set, diagnostics, dialect: previous.dialect, files, objects, change };
}

/** All files, and those that differ from the reading before. */
interface ReadAgain {
  readonly files: readonly LoadedFile[];
  /** Those that went or are different, as they were. */
  readonly before: readonly LoadedFile[];
  /** Those that came or are different, as they are. */
  readonly after: readonly LoadedFile[];
}

function readAgain({ files, dialect }: LoadedResources, sources: readonly SourceFile[]): ReadAgain {
  const inPlace = sources.length === files.length && sources.every(({ path }, index) => path === files[index]?.source.path);
  const byPath = inPlace ? undefined : new Map(files.map((file) => [file.source.path, file]));
  const next = sources.map((source, index) => {
    const known = byPath === undefined ? files[index] : byPath.get(source.path);
    return known?.source === source || known?.source.text === source.text ? known : reload(source, known, dialect);
  });
  if (byPath === undefined) {
    const after = next.filter((file, index) => file !== files[index]);
    return { files: next, before: files.filter((file, index) => file !== next[index]), after };
  }
  const [old, now] = [new Set(files), new Set(next)];
  return { files: next, before: files.filter((file) => !now.has(file)), after: next.filter((file) => !old.has(file)) };
}

function reload(source: SourceFile, known: LoadedFile | undefined, dialect: Dialect): LoadedFile {
  const fresh = loadFile(source, dialect);
  return known === undefined ? fresh : { ...fresh, items: keptItems(fresh.items, known.items) };
}

/** The items, each as it was before where nothing about it is different, its place included. */
function keptItems(items: readonly LoadedItem[], before: readonly LoadedItem[]): readonly LoadedItem[] {
  const known = new Map(resourcesOf(before).map((resource) => [objectKey(resource), resource]));
  return items.map((item) => {
    const old = item.found === 'resource' ? known.get(objectKey(item.resource)) : undefined;
    return old !== undefined && item.found === 'resource' && sameData(old, item.resource) ? { ...item, resource: old } : item;
  });
}

/** Undefined where MeshConfig may be concerned, on which everything depends. */
function changeOf(before: readonly LoadedFile[], after: readonly LoadedFile[]): ResourceChange | undefined {
  const [old, now] = [before.flatMap(({ items }) => items), after.flatMap(({ items }) => items)];
  if ([...old, ...now].some(({ found }) => found === 'mesh-config')) return undefined;
  const [oldResources, newResources] = [new Set(resourcesOf(old)), new Set(resourcesOf(now))];
  return {
    removed: [...oldResources].filter((resource) => !newResources.has(resource)),
    added: [...newResources].filter((resource) => !oldResources.has(resource)),
  };
}

/** Undefined where something is declared twice. */
function nextObjects(objects: SharedMap<Resource>, { removed, added }: ResourceChange): SharedMap<Resource> | undefined {
  const without = objects.with(removed.map((resource) => [objectKey(resource), undefined]));
  const keys = added.map(objectKey);
  if (new Set(keys).size < keys.length || keys.some((key) => without.get(key) !== undefined)) return undefined;
  return without.with(added.map((resource) => [objectKey(resource), resource]));
}

function resourcesOf(items: readonly LoadedItem[]): Resource[] {
  return items.flatMap((item) => (item.found === 'resource' ? [item.resource] : []));
}

function hasSkipped({ items }: LoadedFile): boolean {
  return items.some(({ found }) => found === 'skipped');
}
