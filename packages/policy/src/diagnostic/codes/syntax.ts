import type { CodeDescription } from './code.js';

/** Codes for texts that cannot be read as objects at all. */
export const syntaxCodes = {
  'yaml-syntax': {
    kind: 'invalid',
    severity: 'error',
    summary: 'The text is not well-formed YAML or JSON.',
    example: 'apiVersion: v1\nkind: [Namespace\n',
  },
  'illegal-character': {
    kind: 'invalid',
    severity: 'error',
    summary: 'The text holds a control character or half a surrogate pair, which YAML does not allow.',
    example: 'apiVersion: v1\nkind: Namespace\nmetadata:\n  name: "sh\u0001op"\n',
  },
  'duplicate-key': {
    kind: 'invalid',
    severity: 'error',
    summary: 'A mapping sets the same field twice; readers differ on which one counts.',
    example: 'apiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n  name: other\n',
  },
  'yaml-alias': {
    kind: 'invalid',
    severity: 'error',
    summary: 'An alias names no anchor above it, aliases expand beyond reason, or `<<` merges something that is not a mapping.',
    example: 'apiVersion: v1\nkind: Namespace\nmetadata:\n  name: *shop\n',
  },
  'yaml-tag': {
    kind: 'invalid',
    severity: 'error',
    summary: 'A value carries a YAML tag that is none of the core ones, or that does not fit it.',
    example: 'apiVersion: v1\nkind: Namespace\nmetadata:\n  name: !secret shop\n',
  },
  'yaml-key': {
    kind: 'invalid',
    severity: 'error',
    summary: 'The name of a field is not text: it is empty, a collection, or carries a tag.',
    example: 'apiVersion: v1\nkind: Namespace\nmetadata:\n  name: shop\n  ? [labels]\n  : {}\n',
  },
  'nesting-too-deep': {
    kind: 'invalid',
    severity: 'error',
    summary: 'Collections are nested deeper than any Kubernetes object.',
    example: `apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, annotations: ${'['.repeat(210)}${']'.repeat(210)}}\n`,
  },
} as const satisfies Record<string, CodeDescription>;
