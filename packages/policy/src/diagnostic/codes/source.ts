import type { CodeDescription } from './code.js';

/** Codes for what keeps a text from being read at all. */
export const sourceCodes = {
  'unreadable-file': {
    kind: 'invalid',
    severity: 'error',
    summary: 'A file or folder cannot be read: it is missing, not allowed, too large, not UTF-8, or a loop of links.',
    example: '',
    cause: 'a path that does not exist, or a file that this user may not read',
  },
  'no-manifests': {
    kind: 'finding',
    severity: 'error',
    summary: 'What was to be checked holds no manifest at all: most likely the path is another one.',
    example: '',
    cause: 'a folder without any `*.yaml`, `*.yml` or `*.json`',
  },
} as const satisfies Record<string, CodeDescription>;
