import type { DiagnosticCode } from '../../diagnostic/codes/index.js';
import type { DiagnosticDetail } from '../../diagnostic/reporter.js';
import type { Span } from '../../diagnostic/span.js';

/** How a rule says what it found. */
export type Report = (
  code: DiagnosticCode,
  span: Span,
  message: string,
  detail: DiagnosticDetail & { readonly hint: string },
) => void;
