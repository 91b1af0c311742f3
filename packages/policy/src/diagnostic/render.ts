import type { Diagnostic } from './diagnostic.js';
import { excerptOf } from './excerpt.js';
import { printable } from './printable.js';
import { formatPlace, type SourceFile, type Span } from './span.js';

/** How diagnostics are printed. */
export interface RenderOptions {
  /** With ANSI colours: for terminals only. */
  readonly colour: boolean;
}

/** Dresses a text in a colour, or leaves it. */
type Paint = (text: string, style: 'error' | 'warning' | 'hint' | 'faint') => string;

const styles = { error: '1;31', warning: '1;33', hint: '1;36', faint: '2' } as const;

const coloured: Paint = (text, style) => `\u001b[${styles[style]}m${text}\u001b[0m`;
const plain: Paint = (text) => text;

/**
 * Prints one diagnostic: `FILE:LINE:COLUMN: error|warning CODE: text`, the source line with carets under the offending text, the
 * hint, the other places that matter, and the suggestion as it is. No newline at the end. Nothing that a user wrote reaches the
 * terminal as a control character.
 */
export function renderDiagnostic(diagnostic: Diagnostic, files: readonly SourceFile[], { colour }: RenderOptions): string {
  const paint = colour ? coloured : plain;
  const { code, severity, message, span, hint, related = [], suggestion } = diagnostic;
  return [
    `${place(span)}: ${paint(severity, severity)} ${code}: ${printable(message)}`,
    ...renderExcerpt(span, files, severity, paint),
    ...(hint === undefined ? [] : [`${paint('hint:', 'hint')} ${printable(hint)}`]),
    ...related.flatMap((other) => [
      `${place(other.span)}: ${printable(other.message)}`,
      ...renderExcerpt(other.span, files, 'faint', paint),
    ]),
    ...(suggestion === undefined ? [] : renderSuggestion(suggestion, paint)),
  ].join('\n');
}

function place(span: Span): string {
  return printable(formatPlace(span));
}

function renderExcerpt(span: Span, files: readonly SourceFile[], style: 'error' | 'warning' | 'faint', paint: Paint): string[] {
  const file = files.find(({ path }) => path === span.file);
  const excerpt = file === undefined ? undefined : excerptOf(file.text, span);
  if (excerpt === undefined) return [];
  const number = String(span.start.line);
  const margin = ' '.repeat(number.length);
  return [
    `${paint(`${number} |`, 'faint')} ${excerpt.source}`,
    `${paint(`${margin} |`, 'faint')} ${paint(excerpt.carets, style)}`,
  ];
}

/** Line by line, so that a manifest can be copied: only what does not print is changed. */
function renderSuggestion(suggestion: string, paint: Paint): string[] {
  const lines = suggestion.replace(/\n$/, '').split('\n').map(printable);
  return [paint('suggestion:', 'hint'), ...lines];
}
