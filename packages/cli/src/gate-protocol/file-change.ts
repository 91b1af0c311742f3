import type { SourceFile } from '@sallyport/policy';

/** What leads from one set of files to another. */
export interface FileChange {
  /** Files that are new or have another text. */
  readonly written: readonly SourceFile[];
  /** Paths that are gone. */
  readonly removed: readonly string[];
}

/** The change between two sets of files; an unchanged file is most often the same object in both. */
export function fileChange(before: readonly SourceFile[], after: readonly SourceFile[]): FileChange {
  const [old, now] = [new Set(before), new Set(after)];
  const left = new Map(before.filter((file) => !now.has(file)).map((file) => [file.path, file.text]));
  const come = after.filter((file) => !old.has(file));
  const paths = new Set(come.map(({ path }) => path));
  return {
    written: come.filter(({ path, text }) => left.get(path) !== text),
    removed: [...left.keys()].filter((path) => !paths.has(path)),
  };
}

/** The files that a change leads to; new ones come last. */
export function withChange(files: readonly SourceFile[], { written, removed }: FileChange): SourceFile[] {
  const gone = new Set(removed);
  const replaced = new Map(written.map((file) => [file.path, file]));
  const kept = files.filter(({ path }) => !gone.has(path)).map((file) => replaced.get(file.path) ?? file);
  const known = new Set(files.map(({ path }) => path));
  return [...kept, ...written.filter(({ path }) => !known.has(path))];
}
