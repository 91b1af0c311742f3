import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** The file itself, or all `*.json` of a folder in order of their names; throws an `Error` where there are none. */
export function recordedFiles(path: string): readonly string[] {
  if (!statSync(path).isDirectory()) return [path];
  const names = readdirSync(path, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.json'));
  if (names.length === 0) throw new Error('the folder holds no *.json');
  return names.sort().map((name) => join(path, name));
}
