import type { EngineName } from './engines/engine.js';
import { samplesForP99 } from './measure-cell.js';

/** One row of the report; its fields are a contract of the file that `--json` writes. */
export interface BenchRow {
  readonly engine: EngineName;
  readonly mix: string;
  readonly rules: number;
  readonly p50Ns: number;
  readonly p99Ns: number;
  readonly buildMs: number;
  readonly bytes: number;
}

const headings = ['mix', 'rules', 'engine', 'p50', 'p99', 'build', 'bytes', 'decisions'];
const widths = [34, 8, 12, 10, 11, 10, 10, 9];

/** The head of the table. */
export function formatHead(): string {
  return line(headings);
}

/** One line of the table; `decisions` is how many were timed. */
export function formatRow({ engine, mix, rules, p50Ns, p99Ns, buildMs, bytes }: BenchRow, decisions: number): string {
  const p99 = `${formatTime(p99Ns)}${decisions < samplesForP99 ? '*' : ''}`;
  const build = `${buildMs.toFixed(buildMs < 10 ? 1 : 0)} ms`;
  return line([mix, grouped(rules), engine, formatTime(p50Ns), p99, build, formatBytes(bytes), grouped(decisions)]);
}

/** One line for what could not be measured. */
export function formatFailure(engine: EngineName, mix: string, rules: number, reason: string): string {
  return `${line([mix, grouped(rules), engine])}  not measured: ${reason}`;
}

/** Nanoseconds in the unit that reads best. */
function formatTime(nanoseconds: number): string {
  if (nanoseconds < 1e5) return `${(nanoseconds / 1000).toFixed(2)} µs`;
  return nanoseconds < 1e6 ? `${(nanoseconds / 1000).toFixed(0)} µs` : `${(nanoseconds / 1e6).toFixed(1)} ms`;
}

/** Bytes in the unit that reads best. */
export function formatBytes(bytes: number): string {
  return Math.abs(bytes) < 2 ** 20 ? `${Math.round(bytes / 1024)} KiB` : `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}

/** A whole number with a comma between thousands. */
export function grouped(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}

function line(cells: readonly string[]): string {
  const padded = cells.map((cell, index) => {
    const width = widths[index] ?? 0;
    return index === 0 || index === 2 ? cell.padEnd(width) : cell.padStart(width);
  });
  return padded.join(' ').trimEnd();
}
