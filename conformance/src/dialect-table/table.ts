import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import { parse } from 'yaml';

/** Where a row of the design's dialect table is shown. Each row has at least one kind of place. */
export interface TableRow {
  readonly question: string;
  /** Titles of cases that the dialects answer differently. */
  readonly cases?: readonly string[];
  /** Cases that upstream answers, and that `strict` refuses with a diagnostic. */
  readonly refused?: readonly { readonly case: string; readonly code: string }[];
  /** Titles of connections that the dialects send elsewhere (`routes/`). */
  readonly routes?: readonly string[];
  /** Tests of what happens over time, or in a handshake, by a part of their title. */
  readonly tests?: readonly { readonly file: string; readonly title: string }[];
  /** Why there is nothing to show. */
  readonly absent?: string;
}

const text = { type: 'string', minLength: 1 } as const;
const list = (items: object) => ({ type: 'array', minItems: 1, items });
const pair = (...names: readonly string[]) => ({
  type: 'object',
  additionalProperties: false,
  required: names,
  properties: Object.fromEntries(names.map((name) => [name, text])),
});

const schema = {
  type: 'object',
  additionalProperties: false,
  required: ['rows'],
  properties: {
    rows: list({
      type: 'object',
      additionalProperties: false,
      required: ['question'],
      minProperties: 2,
      properties: {
        question: text,
        cases: list(text),
        refused: list(pair('case', 'code')),
        routes: list(text),
        tests: list(pair('file', 'title')),
        absent: text,
      },
    }),
  },
};

/** Reads `dialects/table.yaml`; throws an `Error` that says what is wrong with it. */
export function loadDialectTable(): readonly TableRow[] {
  const file = fileURLToPath(new URL('../../dialects/table.yaml', import.meta.url));
  const content: unknown = parse(readFileSync(file, 'utf8'), { maxAliasCount: -1 });
  const ajv = new Ajv({ allErrors: true });
  const fits = ajv.compile<{ readonly rows: readonly TableRow[] }>(schema);
  if (!fits(content)) throw new Error(`${file}: ${ajv.errorsText(fits.errors, { dataVar: 'file' })}`);
  return content.rows;
}
