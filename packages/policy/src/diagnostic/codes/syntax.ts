import type { CodeDescription } from './code.js';

/** Codes for texts that are not readable as objects at all. */
export const syntaxCodes = {
  'yaml-syntax': {
    kind: 'invalid',
    severity: 'error',
    summary: 'The text is not well-formed YAML or JSON.',
    example: 'apiVersion: v1\nkind: [Namespace\n',
  },
} as const satisfies Record<string, CodeDescription>;
