import { readFileSync } from 'node:fs';
import { Ajv, type ValidateFunction } from 'ajv';
import type { RecordedCase, RecordedManifest, RecordedPath, RecordedRefusal } from './recorded-case.js';
import { recordedSchemas } from './recorded-schemas.js';
import { type RecordedStatuses, statusesSchema } from './status/recorded-statuses.js';

/** A recorded file, by what it holds. */
export type Recorded =
  | { readonly kind: 'case'; readonly case: RecordedCase }
  | { readonly kind: 'manifests'; readonly manifests: readonly RecordedManifest[] }
  | { readonly kind: 'paths'; readonly paths: readonly RecordedPath[] }
  | { readonly kind: 'statuses'; readonly entries: readonly RecordedStatuses[] }
  | { readonly kind: 'refusals'; readonly refusals: readonly RecordedRefusal[] }
  /** Read and counted, not judged yet. */
  | { readonly kind: 'uncovered'; readonly reason: string; readonly count: number };

/** Reads one file and finds out by its shape what it holds; throws an `Error` that says what is wrong with it. */
export function readRecorded(path: string): Recorded {
  return recognize(JSON.parse(readFileSync(path, 'utf8')));
}

function recognize(content: unknown): Recorded {
  if (!Array.isArray(content)) {
    check('case', content);
    const recorded = content as Omit<RecordedCase, 'tokens'> & Partial<RecordedCase>;
    return { kind: 'case', case: { ...recorded, tokens: recorded.tokens ?? {} } };
  }
  const [first] = content as readonly unknown[];
  const has = (key: string) => typeof first === 'object' && first !== null && key in first;
  if (has('DEFAULT')) return { kind: 'paths', paths: checked<RecordedPath>('path', content) };
  if (has('statuses')) return { kind: 'statuses', entries: checked<RecordedStatuses>('statuses', content) };
  if (has('manifest')) return { kind: 'manifests', manifests: checked<RecordedManifest>('manifest', content) };
  if (has('manifests')) return { kind: 'refusals', refusals: checked<RecordedRefusal>('refusal', content) };
  throw new Error('this is no recorded file: its shape is not known');
}

const schemas = { ...recordedSchemas, statuses: statusesSchema };
const ajv = new Ajv({ strictTypes: false, strictTuples: false });
const validators = Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, ajv.compile(schema)])) as Record<
  keyof typeof schemas,
  ValidateFunction
>;

function checked<Item>(schema: keyof typeof schemas, items: readonly unknown[]): readonly Item[] {
  for (const item of items) check(schema, item);
  return items as readonly Item[];
}

function check(schema: keyof typeof schemas, content: unknown): void {
  const validate = validators[schema];
  if (!validate(content)) throw new Error(ajv.errorsText(validate.errors, { dataVar: schema }));
}
