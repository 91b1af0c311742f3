import type { CodeDescription } from './code.js';

const error = { kind: 'invalid', severity: 'error' } as const;

/** Codes for objects of any kind: their fields, names and labels. */
export const objectCodes = {
  'not-an-object': {
    ...error,
    summary: 'A document is a text or a list, not an object with `apiVersion`, `kind` and `metadata`.',
    example: '- just\n- a list\n',
  },
  'missing-field': {
    ...error,
    summary: 'A field that its kind requires is missing.',
    example: 'apiVersion: v1\nkind: Namespace\nmetadata:\n  labels: {}\n',
  },
  'wrong-type': {
    ...error,
    summary: 'A field holds another type than its kind wants: a number for a string, a mapping for a list, null for a value.',
    example: 'apiVersion: v1\nkind: Namespace\nmetadata:\n  name: 5\n',
  },
  'unknown-field': {
    ...error,
    summary: "A field that nothing reads, in metadata or in one of Istio's kinds: most often a misspelling.",
    example: 'apiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n  lables:\n    istio.io/dataplane-mode: ambient\n',
  },
  'unknown-value': {
    ...error,
    summary: 'A field takes one of a closed list of words, and this is none of them.',
    example: 'apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata:\n  name: p\nspec:\n  action: Allow\n',
  },
  'out-of-range': {
    ...error,
    summary: 'A number is outside the range of its field.',
    example: 'apiVersion: v1\nkind: Service\nmetadata:\n  name: web\nspec:\n  ports:\n  - port: 70000\n',
  },
  'too-many-items': {
    ...error,
    summary: 'A list has more entries than the schema of its kind admits.',
    example: `apiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\nmetadata:\n  name: p\nspec:\n  targetRefs:\n${'  - {kind: Service, group: "", name: web}\n'.repeat(17)}`,
  },
  'unsupported-version': {
    ...error,
    summary: 'The kind is known, this version of it is not.',
    example: 'apiVersion: apps/v1beta1\nkind: Deployment\nmetadata:\n  name: web\n',
  },
  'invalid-name': {
    ...error,
    summary:
      'A name of an object, a namespace or a service account has a form that Kubernetes refuses; names become parts of identities.',
    example: 'apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: web/../admin\n',
  },
  'invalid-label': {
    ...error,
    summary: 'A label has a key or a value that Kubernetes refuses, so that no object could carry it.',
    example: 'apiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n  labels:\n    team: "a b"\n',
  },
  'duplicate-object': {
    ...error,
    summary: 'The same kind, namespace and name is declared twice.',
    example:
      'apiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n---\napiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n',
  },
} as const satisfies Record<string, CodeDescription>;
