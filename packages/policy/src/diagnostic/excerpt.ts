import { columnsOf, printable } from './printable.js';
import type { Span } from './span.js';

const tab = '    ';

/** How many columns of a line are shown; a longer one is cut around the offending text. */
const maximumColumns = 120;

/** How much of a long line is shown before the offending text. */
const columnsBefore = 40;

/** A line of a file with a line of carets to put below it. */
export interface Excerpt {
  readonly source: string;
  readonly carets: string;
}

/** One character as it is shown. */
interface Cell {
  readonly shown: string;
  readonly columns: number;
  readonly marked: boolean;
}

/**
 * The line in which a span begins, with carets under the part of the span that stands on it. Tabs become spaces, what does not
 * print becomes an escape, wide characters get two carets, and long lines are cut. Undefined where the line has nothing to show.
 */
export function excerptOf(text: string, span: Span): Excerpt | undefined {
  const lineStart = span.start.offset - (span.start.column - 1);
  const newline = text.indexOf('\n', lineStart);
  const line = text.slice(lineStart, newline === -1 ? text.length : newline).replace(/\r$/, '');
  if (line.trim() === '') return undefined;
  const marked = Math.max(span.end.offset - span.start.offset, 1);
  return drawCells(cut(cellsOf(line, span.start.column - 1, marked)));
}

function cellsOf(line: string, from: number, length: number): Cell[] {
  const cells: Cell[] = [];
  let offset = 0;
  for (const character of line) {
    const shown = character === '\t' ? tab : printable(character);
    const columns = shown === character ? columnsOf(character) : shown.length;
    cells.push({ shown, columns, marked: offset >= from && offset < from + length });
    offset += character.length;
  }
  if (from >= offset) cells.push({ shown: ' ', columns: 1, marked: true });
  return cells;
}

/** Keeps what fits, from a little before the first marked cell. */
function cut(cells: readonly Cell[]): Cell[] {
  const ellipsis: Cell = { shown: '…', columns: 1, marked: false };
  const width = cells.reduce((sum, { columns }) => sum + columns, 0);
  if (width <= maximumColumns) return [...cells];
  const first = cells.findIndex(({ marked }) => marked);
  const start = columnsUpTo(cells, first) <= maximumColumns / 2 ? 0 : backBy(cells, first, columnsBefore);
  const kept: Cell[] = start > 0 ? [ellipsis] : [];
  let room = maximumColumns;
  for (const cell of cells.slice(start)) {
    if (room < cell.columns) return [...kept, ellipsis];
    room -= cell.columns;
    kept.push(cell);
  }
  return kept;
}

function columnsUpTo(cells: readonly Cell[], index: number): number {
  return cells.slice(0, index).reduce((sum, { columns }) => sum + columns, 0);
}

function backBy(cells: readonly Cell[], index: number, columns: number): number {
  let start = index;
  for (let left = columns; start > 0 && left > 0; start -= 1) left -= cells[start - 1]?.columns ?? 0;
  return start;
}

function drawCells(cells: readonly Cell[]): Excerpt {
  const source = cells.map(({ shown }) => shown).join('');
  const carets = cells.map(({ columns, marked }) => (marked ? '^' : ' ').repeat(columns)).join('');
  return { source: source.trimEnd(), carets: carets.trimEnd() };
}
