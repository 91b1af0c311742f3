import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { strict, upstream } from '../../src/resource/dialect.js';
import { loadResources } from '../../src/resource/load/load-resources.js';

const folder = new URL('../../../../../shared/recorded/', import.meta.url);
const missing = !existsSync(folder);

describe.skipIf(missing).each(['ambient', 'ambient-http'])(
  `the recorded meshes of %s${missing ? ' (not beside this checkout)' : ''}`,
  (name) => {
    it.each([strict, upstream])('load without an error in $name', (dialect) => {
      const directory = new URL(`${name}/`, folder);
      const files = readdirSync(directory);
      expect(files.length).toBeGreaterThan(100);
      // The dialects differ in few values only: a fifth of the meshes is enough for the second one.
      for (const file of files.filter((_, index) => dialect === upstream || index % 5 === 0)) {
        const { manifests, meshConfig } = JSON.parse(readFileSync(new URL(file, directory), 'utf8'));
        const sources = [
          { path: file, text: manifests },
          ...(meshConfig === undefined ? [] : [{ path: 'meshconfig.json', text: JSON.stringify(meshConfig) }]),
        ];
        const { set, diagnostics } = loadResources(sources, dialect);
        expect(
          diagnostics.filter(({ severity }) => severity === 'error'),
          file,
        ).toEqual([]);
        expect(set.skippedKinds, file).toEqual({});
        expect(set.resources).toHaveLength(manifests.match(/^kind:/gm).length);
      }
    });
  },
);
