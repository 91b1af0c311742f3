import type { Machine } from './machine.js';
import type { Summary } from './statistics.js';

/** One figure, with what it was measured beside in the same run. */
export interface Figure {
  /** Stable name for scripts: `interpreter/1000-rules`. */
  readonly name: string;
  readonly title: string;
  readonly unit: 'decisions/s' | 'bytes/s' | 'connections/s' | 'µs' | 'requests/s';
  readonly summary: Summary;
  /** Name of the figure that this one is to be read beside. */
  readonly beside?: string;
}

/** Everything that one run measured. */
export interface Report {
  readonly machine: Machine;
  readonly startedAt: string;
  readonly seconds: number;
  readonly figures: readonly Figure[];
}

/** The first lines: what the figures were measured on. */
export function formatMachine({ node, processor, cores, memoryBytes, system }: Machine): string {
  return `${processor}, ${cores} cores, ${Math.round(memoryBytes / 2 ** 30)} GiB, ${system}, Node.js ${node}`;
}

/** One line for one figure; `reference` is the figure beside it. */
export function formatFigure({ title, unit, summary }: Figure, reference?: Figure): string {
  const beside = reference === undefined ? '' : `   ${compare(unit, summary, reference)}`;
  const { p50, p99, spread } = summary;
  const tail = unit === 'µs' ? `p99 ${amount(p99, unit)}` : `±${Math.round(spread * 100)} %`;
  return `  ${title.padEnd(46)} ${amount(p50, unit).padStart(18)}   ${tail.padEnd(18)}${beside}`.trimEnd();
}

function compare(unit: Figure['unit'], summary: Summary, { title, summary: other }: Figure): string {
  if (unit === 'µs') return `${amount(summary.p50 - other.p50, unit)} more than ${title}`;
  return `${(summary.p50 / other.p50).toFixed(2)} × ${title}`;
}

function amount(value: number, unit: Figure['unit']): string {
  if (unit === 'bytes/s') return `${(value / 2 ** 20).toFixed(0)} MiB/s`;
  if (unit === 'µs') return `${value.toFixed(value < 100 ? 1 : 0)} µs`;
  return `${grouped(Math.round(value))} ${unit}`;
}

function grouped(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ',');
}
