import type { Manifest } from '../cases/case.js';
import { loadTables } from '../load-tables.js';

/** Where one connection goes, or what one gate makes of the authority of a tunnel, in the common mesh with these objects. */
export interface RouteRow {
  readonly title: string;
  /** Section of the reference that the row restates. */
  readonly reference: string;
  readonly manifests?: readonly Manifest[];
  readonly meshConfig?: Readonly<Record<string, unknown>>;
  /** `Pod/NAMESPACE/NAME` that dials, or `Gateway/NAMESPACE/NAME` whose onward hop it is; `Pod/shop/web` unless it says otherwise. */
  readonly from?: string;
  /** `HOST:PORT` that is dialled. */
  readonly to?: string;
  /** `Pod/NAMESPACE/NAME`, or `Gateway/NAMESPACE/NAME` for a waypoint, that ends the tunnel. */
  readonly at?: string;
  /** `HOST:PORT` that the tunnel is for. */
  readonly authority?: string;
  /** The answer in both dialects, or in each. */
  readonly both?: string;
  readonly strict?: string;
  readonly upstream?: string;
}

/** A file of rows about one theme. */
export interface RouteTable {
  readonly theme: string;
  readonly manifests?: readonly Manifest[];
  readonly rows: readonly RouteRow[];
}

const text = { type: 'string', minLength: 1 } as const;
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
        required: ['title', 'reference'],
        allOf: [
          { oneOf: [{ required: ['to'] }, { required: ['at', 'authority'] }] },
          { oneOf: [{ required: ['both'] }, { required: ['strict', 'upstream'] }] },
        ],
        properties: {
          title: text,
          reference: text,
          manifests: objects,
          meshConfig: { type: 'object' },
          from: text,
          to: text,
          at: text,
          authority: { type: 'string' },
          both: text,
          strict: text,
          upstream: text,
        },
      },
    },
  },
};

/** Reads every file of `routes/`; throws an `Error` that says what is wrong with one. */
export function loadRouteTables(): readonly RouteTable[] {
  return loadTables<RouteTable>('routes', schema);
}
