import type { Diagnostic, SourceFile } from '@sallyport/policy';

/** Everything that a source holds at one moment: the unit of change. */
export interface Reading {
  readonly files: readonly SourceFile[];
  /** What could not be read. While there is any, the reading is not to be applied. */
  readonly diagnostics: readonly Diagnostic[];
  /** Equal for two readings with the same paths, texts and diagnostics. */
  readonly digest: string;
}
