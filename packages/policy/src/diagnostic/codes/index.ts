import type { CodeDescription } from './code.js';
import { findingCodes } from './findings.js';
import { inventoryCodes } from './inventory.js';
import { kubernetesCodes } from './kubernetes.js';
import { migrateCodes } from './migrate.js';
import { objectCodes } from './object.js';
import { policyCodes } from './policy.js';
import { rbacCodes } from './rbac.js';
import { sourceCodes } from './source.js';
import { syntaxCodes } from './syntax.js';

/** Every diagnostic code, with what docs/errors.md says about it. The one list: types, documentation and tests follow it. */
export const diagnosticCodes = {
  ...inventoryCodes,
  ...findingCodes,
  ...kubernetesCodes,
  ...migrateCodes,
  ...objectCodes,
  ...policyCodes,
  ...rbacCodes,
  ...sourceCodes,
  ...syntaxCodes,
} as const satisfies Record<string, CodeDescription>;

/** The closed union of diagnostic codes. */
export type DiagnosticCode = keyof typeof diagnosticCodes;
