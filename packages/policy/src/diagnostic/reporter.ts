import type { CodeDescription } from './codes/code.js';
import { type DiagnosticCode, diagnosticCodes } from './codes/index.js';
import type { Diagnostic } from './diagnostic.js';
import { printableMessage } from './printable.js';
import type { Span } from './span.js';

/** What a diagnostic may carry besides code, place and message. */
export type DiagnosticDetail = Pick<Diagnostic, 'hint' | 'suggestion' | 'related'>;

/**
 * Collects diagnostics. Kind and severity come from the code, so that one code always means the same thing. The same complaint
 * about the same place is kept once, however often a node is looked at. Nothing that reports ever throws.
 */
export class Reporter {
  readonly #diagnostics: Diagnostic[] = [];
  readonly #seen = new Set<string>();
  #errors = 0;

  /** How many errors were reported so far: an object is valid if reading it did not raise this. */
  get errorCount(): number {
    return this.#errors;
  }

  get diagnostics(): readonly Diagnostic[] {
    return this.#diagnostics;
  }

  report(code: DiagnosticCode, span: Span, message: string, detail: DiagnosticDetail = {}): void {
    const { kind, severity }: CodeDescription = diagnosticCodes[code];
    if (severity === 'error') this.#errors += 1;
    const complaint = `${span.file}\0${span.start.offset}\0${span.end.offset}\0${code}\0${message}`;
    if (this.#seen.has(complaint)) return;
    this.#seen.add(complaint);
    this.#diagnostics.push({ code, kind, severity, message: printableMessage(message), span, ...detail });
  }
}
