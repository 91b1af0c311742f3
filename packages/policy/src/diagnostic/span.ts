/** A place in a text. Lines and columns count from 1, columns in UTF-16 code units; `offset` counts from 0. */
export interface Position {
  readonly line: number;
  readonly column: number;
  readonly offset: number;
}

/** A stretch of one file, `end` exclusive. `file` is the path as the user gave it, `-` for standard input. */
export interface Span {
  readonly file: string;
  readonly start: Position;
  readonly end: Position;
}

/** One text to read: a manifest file, or what came on standard input. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** A string that the user wrote, with its place. */
export interface Text {
  readonly value: string;
  readonly span: Span;
}

/** Orders spans by file, line, column. */
export function compareSpans(a: Span, b: Span): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1;
  return a.start.line - b.start.line || a.start.column - b.start.column;
}

/** `FILE:LINE:COLUMN`, the form that editors and terminals turn into a link. */
export function formatPlace(span: Span): string {
  return `${span.file}:${span.start.line}:${span.start.column}`;
}
