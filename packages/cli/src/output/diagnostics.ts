import { type Diagnostic, renderDiagnostic, type SourceFile } from '@sallyport/policy';

/** Diagnostics as they are printed: each with its place, carets and hint, an empty line between. */
export function renderDiagnostics(diagnostics: readonly Diagnostic[], files: readonly SourceFile[], colour: boolean): string {
  return diagnostics.map((diagnostic) => `${renderDiagnostic(diagnostic, files, { colour }).trimEnd()}\n`).join('\n');
}

/** A diagnostic as scripts read it. */
export function diagnosticToJson(diagnostic: Diagnostic): Record<string, unknown> {
  const { code, kind, severity, message, span, hint, suggestion, related } = diagnostic;
  return {
    file: span.file,
    line: span.start.line,
    column: span.start.column,
    endLine: span.end.line,
    endColumn: span.end.column,
    severity,
    code,
    kind,
    message,
    hint: hint ?? null,
    suggestion: suggestion ?? null,
    related: (related ?? []).map((other) => ({
      file: other.span.file,
      line: other.span.start.line,
      column: other.span.start.column,
      message: other.message,
    })),
  };
}

/** `2 errors, 1 warning`. */
export function countDiagnostics(diagnostics: readonly Diagnostic[]): string {
  const errors = diagnostics.filter((diagnostic) => diagnostic.severity === 'error').length;
  return `${plural(errors, 'error')}, ${plural(diagnostics.length - errors, 'warning')}`;
}

/** `1 policy`, `2 policies`. */
export function plural(count: number, noun: string, many = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : many}`;
}
