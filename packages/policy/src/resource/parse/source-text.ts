import type { Position, Span } from '../../diagnostic/span.js';

/** A text that nodes point into: turns offsets into spans of the file that the user knows. */
export interface SourceText {
  readonly text: string;
  span(start: number, end: number): Span;
}

/** The text of a whole file. */
export class FileText implements SourceText {
  readonly #lineStarts: readonly number[];

  constructor(
    readonly file: string,
    readonly text: string,
  ) {
    this.#lineStarts = lineStartsOf(text);
  }

  span(start: number, end: number): Span {
    return { file: this.file, start: this.position(start), end: this.position(Math.max(start, end)) };
  }

  position(offset: number): Position {
    const clamped = Math.min(Math.max(offset, 0), this.text.length);
    const line = lineIndex(this.#lineStarts, clamped);
    return { line: line + 1, column: clamped - (this.#lineStarts[line] ?? 0) + 1, offset: clamped };
  }

  /** Where a line starts, counted from 0; the end of the text if there is no such line. */
  lineStart(line: number): number {
    return this.#lineStarts[line] ?? this.text.length;
  }
}

/** A text in which no place can be told apart: every span is the same one. */
export class OpaqueText implements SourceText {
  constructor(
    readonly text: string,
    readonly whole: Span,
  ) {}

  span(): Span {
    return this.whole;
  }
}

/** A literal block scalar (`|`) read as a text of its own: its lines are lines of the file, shifted by the indentation. */
export class BlockText implements SourceText {
  readonly #lineStarts: readonly number[];

  constructor(
    readonly text: string,
    readonly outer: FileText,
    readonly firstLine: number,
    readonly indent: number,
  ) {
    this.#lineStarts = lineStartsOf(text);
  }

  span(start: number, end: number): Span {
    return this.outer.span(this.#outerOffset(start), this.#outerOffset(end));
  }

  #outerOffset(offset: number): number {
    const line = lineIndex(this.#lineStarts, offset);
    const lineStart = this.outer.lineStart(this.firstLine + line);
    const lineEnd = Math.max(lineStart, this.outer.lineStart(this.firstLine + line + 1) - 1);
    return Math.min(lineStart + this.indent + offset - (this.#lineStarts[line] ?? 0), lineEnd);
  }
}

function lineStartsOf(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}

/** Index of the line that holds an offset, by bisection. */
function lineIndex(lineStarts: readonly number[], offset: number): number {
  let low = 0;
  let high = lineStarts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((lineStarts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return low;
}
