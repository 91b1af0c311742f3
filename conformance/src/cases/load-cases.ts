import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import { parseDocument } from 'yaml';
import type { Case } from './case.js';
import { expandCase } from './expand-case.js';
import type { WrittenFile, WrittenMesh } from './written.js';

/** Where the project's own cases are kept. */
const casesFolder: string = fileURLToPath(new URL('../../cases', import.meta.url));

const schemaUrl = new URL('../../schema/case.schema.json', import.meta.url);
const meshFile = 'mesh.yaml';

/** Reads a file of cases, or all `*.yaml` of a folder but the common mesh. Throws an `Error` that names the file and the defect. */
export function loadCases(path: string = casesFolder): readonly Case[] {
  const mesh = loadMesh();
  return caseFiles(path).flatMap((file) => {
    const { cases } = readYaml<WrittenFile>(file, fitsSchema);
    return cases.flatMap((written) => expandCase(mesh, basename(file), written));
  });
}

/** The files of cases under a path, sorted; empty for a folder that has none. */
export function caseFiles(path: string): readonly string[] {
  if (!statSync(path).isDirectory()) return path.endsWith('.yaml') ? [path] : [];
  const names = readdirSync(path, { recursive: true, encoding: 'utf8' });
  const files = names.filter((name) => name.endsWith('.yaml') && basename(name) !== meshFile);
  return files.sort().map((name) => join(path, name));
}

/** The mesh that all cases share. */
export function loadMesh(): WrittenMesh {
  return readYaml<WrittenMesh>(join(casesFolder, meshFile), undefined);
}

function readYaml<Content>(file: string, fits: ((content: unknown) => boolean) | undefined): Content {
  const document = parseDocument(readFileSync(file, 'utf8'));
  const [problem] = document.errors;
  if (problem) throw new Error(`${file}: ${problem.message}`);
  const content: unknown = document.toJS({ maxAliasCount: -1 });
  if (fits?.(content) === false) throw new Error(`${file}: ${ajv.errorsText(fitsSchema.errors, { dataVar: 'file' })}`);
  return content as Content;
}

const ajv = new Ajv({ allErrors: true, strict: true, strictRequired: false, strictTuples: false, allowUnionTypes: true });
const fitsSchema = ajv.compile(JSON.parse(readFileSync(schemaUrl, 'utf8')));
