import type { DiagnosticCode } from './codes/index.js';
import { compareSpans, type Span } from './span.js';

/**
 * One thing wrong with, or dangerous about, what the user wrote.
 *
 * `invalid`: the object breaks a rule of its kind and is not loaded. `finding`: it is valid and does something dangerous, or
 * nothing; a finding never keeps anything from loading. `message` is one lower-case line, user input in backticks; `hint` says what to do.
 */
export interface Diagnostic {
  readonly code: DiagnosticCode;
  readonly kind: 'invalid' | 'finding';
  readonly severity: 'error' | 'warning';
  readonly message: string;
  readonly span: Span;
  readonly hint?: string;
  /** Text to be shown as it is, below the hint: a manifest that would close the gap, for one. */
  readonly suggestion?: string;
  /** Other places that matter, each with a few words. */
  readonly related?: readonly { readonly message: string; readonly span: Span }[];
}

/** Sorts by file, line, column, then code: the order in which diagnostics are always printed. */
export function sortDiagnostics(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  return [...diagnostics].sort((a, b) => compareSpans(a.span, b.span) || (a.code < b.code ? -1 : a.code > b.code ? 1 : 0));
}

/** Whether any of these is an error, of either kind. */
export function hasErrors(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some((diagnostic) => diagnostic.severity === 'error');
}

/** Whether any of these keeps its object from loading. */
export function hasInvalid(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some((diagnostic) => diagnostic.kind === 'invalid' && diagnostic.severity === 'error');
}
