import type { RecordedMesh } from '../recorded-case.js';

/** The status of one object; the condition's `message` is absent where it is empty. */
export interface RecordedStatus {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly conditions: readonly {
    readonly type: string;
    readonly status: string;
    readonly reason: string;
    readonly message?: string;
    readonly fieldManager?: string;
    readonly observedGeneration?: string;
  }[];
}

/** The statuses of one mesh: that of a case in the folder `ambient` beside the file, or of its own manifests. */
export interface RecordedStatuses extends Omit<RecordedMesh, 'id' | 'manifests'> {
  readonly case: string;
  readonly manifests?: string;
  /** Objects that are refused at admission. */
  readonly rejected?: readonly { readonly kind: string; readonly namespace: string; readonly name: string }[];
  readonly statuses: readonly RecordedStatus[];
}

const text = { type: 'string' } as const;

const condition = {
  type: 'object',
  required: ['type', 'status', 'reason'],
  properties: { type: text, status: text, reason: text, message: text, fieldManager: text, observedGeneration: text },
} as const;

const named = {
  type: 'object',
  required: ['kind', 'namespace', 'name'],
  properties: { kind: text, namespace: text, name: text },
};

/** The shape of a `RecordedStatuses`. */
export const statusesSchema = {
  type: 'object',
  required: ['case', 'statuses'],
  properties: {
    case: text,
    manifests: text,
    meshConfig: { type: 'object' },
    flags: { type: 'object' },
    rejected: { type: 'array', items: named },
    statuses: {
      type: 'array',
      items: {
        type: 'object',
        required: [...named.required, 'conditions'],
        properties: { ...named.properties, conditions: { type: 'array', items: condition } },
      },
    },
  },
} as const;
