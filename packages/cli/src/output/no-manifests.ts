import type { Diagnostic, SourceFile } from '@sallyport/policy';

/** Says of paths that hold nothing to read so: a mistyped one would otherwise pass for a mesh in which all is well. */
export function noManifests(paths: readonly string[], files: readonly SourceFile[]): readonly Diagnostic[] {
  if (files.some(({ text }) => text.trim() !== '')) return [];
  const start = { line: 1, column: 1, offset: 0 };
  return paths.map((path) => ({
    code: 'no-manifests',
    kind: 'finding',
    severity: 'error',
    message: path === '-' ? 'standard input holds no manifest' : `\`${path}\` holds no manifest`,
    hint: 'check the path: `*.yaml`, `*.yml` and `*.json` are read, in folders below it, too',
    span: { file: path, start, end: start },
  }));
}
