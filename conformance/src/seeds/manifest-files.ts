import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { SourceFile } from '@sallyport/policy';

/** The manifests of a folder as texts, with paths relative to `base`, sorted. */
export function manifestFiles(folder: string, base: string = folder): SourceFile[] {
  const entries = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return entries
    .filter((name) => name.endsWith('.yaml'))
    .sort()
    .map((name) => ({ path: relative(base, join(folder, name)), text: readFileSync(join(folder, name), 'utf8') }));
}
