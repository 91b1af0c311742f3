/** What docs/errors.md says about one code: a sentence, and a manifest that provokes it. */
export interface CodeDescription {
  readonly kind: 'invalid' | 'finding';
  readonly severity: 'error' | 'warning';
  /** One sentence that stands alone. */
  readonly summary: string;
  /** A smallest manifest (multi-document YAML) on which `check` reports the code; a test proves that it does. */
  readonly example: string;
  /** For a code that no text provokes, what does; its example is empty. */
  readonly cause?: string;
}
