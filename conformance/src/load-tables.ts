import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import { parse } from 'yaml';

/** Reads every file of a folder of `conformance/`, in the order of their names; throws an `Error` that says which does not fit the schema, and why. */
export function loadTables<Table>(folder: 'routes' | 'status', schema: object): readonly Table[] {
  const path = fileURLToPath(new URL(`../${folder}/`, import.meta.url));
  const ajv = new Ajv({ allErrors: true });
  const fits = ajv.compile<Table>(schema);
  return readdirSync(path)
    .sort()
    .map((name) => {
      const content: unknown = parse(readFileSync(`${path}${name}`, 'utf8'), { maxAliasCount: -1 });
      if (!fits(content)) throw new Error(`${name}: ${ajv.errorsText(fits.errors, { dataVar: 'file' })}`);
      return content;
    });
}
