import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import { parseDocument } from 'yaml';
import type { Scenario } from './scenario.js';

const schemaUrl = new URL('../../schema/seed.schema.json', import.meta.url);

/** Where the scenarios and their mesh are kept. */
export const seedsFolder: string = fileURLToPath(new URL('../../seeds', import.meta.url));

/** The scenarios of the walk through the example mesh. */
export const walkFolder: string = join(seedsFolder, 'walk');

/**
 * Reads all scenarios of a folder (not its subfolders), sorted by file name. Throws an error that names the file where one does not
 * parse or does not fit the schema.
 */
export function loadScenarios(folder: string = seedsFolder): Scenario[] {
  const files = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
  return files.sort().map((name) => loadScenario(join(folder, name)));
}

/** Reads one scenario; throws as `loadScenarios` does. */
function loadScenario(file: string): Scenario {
  const document = parseDocument(readFileSync(file, 'utf8'));
  const [problem] = document.errors;
  if (problem) throw new Error(`${file}: ${problem.message}`);
  const content: unknown = document.toJS();
  if (!fitsSchema(content)) throw new Error(`${file}: ${ajv.errorsText(fitsSchema.errors, { dataVar: 'scenario' })}`);
  return { ...content, name: basename(file, '.yaml') };
}

const ajv = new Ajv({ allErrors: true, strict: true, strictRequired: false, allowUnionTypes: true });
const fitsSchema = ajv.compile<Omit<Scenario, 'name'>>(JSON.parse(readFileSync(schemaUrl, 'utf8')));
