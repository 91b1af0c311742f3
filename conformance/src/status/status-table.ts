import type { Manifest } from '../cases/case.js';
import { loadTables } from '../load-tables.js';

/** The status of one object in the common mesh: of the policy `p`, or of the service `s`, that the row adds to it. */
export interface StatusRow {
  readonly title: string;
  /** Section of the reference that the row restates. */
  readonly reference: string;
  /** Where the object lives; `shop` unless it says otherwise. */
  readonly namespace?: string;
  /** The spec of an AuthorizationPolicy. */
  readonly policy?: Manifest;
  /** Labels and annotations of a Service. */
  readonly service?: Manifest;
  readonly manifests?: readonly Manifest[];
  readonly meshConfig?: Readonly<Record<string, unknown>>;
  /** What a control plane writes, in either dialect: `TYPE=STATUS REASON: MESSAGE`. */
  readonly status: readonly string[];
  /** What only `strict` adds. */
  readonly strict?: readonly string[];
}

/** A file of rows about one theme. */
export interface StatusTable {
  readonly theme: string;
  readonly manifests?: readonly Manifest[];
  readonly rows: readonly StatusRow[];
}

const text = { type: 'string', minLength: 1 } as const;
const texts = { type: 'array', items: text } as const;
const objects = { type: 'array', items: { type: 'object' } } as const;

const schema = {
  type: 'object',
  additionalProperties: false,
  required: ['theme', 'rows'],
  properties: {
    theme: text,
    manifests: objects,
    rows: {
      type: 'array',
      minItems: 1,
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['title', 'reference', 'status'],
        oneOf: [{ required: ['policy'] }, { required: ['service'] }],
        properties: {
          title: text,
          reference: text,
          namespace: text,
          policy: { type: 'object' },
          service: { type: 'object' },
          manifests: objects,
          meshConfig: { type: 'object' },
          status: texts,
          strict: texts,
        },
      },
    },
  },
};

/** Reads every file of `status/`; throws an `Error` that says what is wrong with one. */
export function loadStatusTables(): readonly StatusTable[] {
  return loadTables<StatusTable>('status', schema);
}
