import type { Machine } from '../machine.js';
import { type Measure, type MeasureName, measures } from './measures.js';
import { type MemoryFigures, memoryTargets } from './memory.js';
import type { PathName } from './path/bench-path.js';
import { addedTo, figureOf, type Round, ratioOf } from './rounds.js';
import type { Spread } from './spread.js';

/** Everything that one run found. */
export interface MeshFindings {
  readonly machine: Machine;
  readonly startedAt: string;
  readonly seconds: number;
  readonly workers: number;
  readonly versions: Readonly<Record<string, string>>;
  readonly rounds: readonly Round[];
  readonly memory: Partial<Readonly<Record<PathName, MemoryFigures>>>;
}

/** A ratio of our gates to another path, with what it is to be. */
export interface Ratio extends Spread {
  readonly measure: MeasureName;
  readonly to: PathName;
  readonly target?: number;
  readonly met?: boolean;
}

const titles: Readonly<Record<PathName, string>> = {
  direct: 'no gates',
  'node-http2': 'node:http2 pair',
  envoy: 'Envoy',
  ztunnel: 'ztunnel',
  sallyport: 'Sallyport',
  'sallyport-traced': 'the same, traced',
};

const names = Object.keys(measures) as MeasureName[];
const paths = Object.keys(titles) as PathName[];

/** Our figures divided by those of each other path in the same round, targets beside. */
export function ratiosOf({ rounds }: Pick<MeshFindings, 'rounds'>): Ratio[] {
  return names.flatMap((measure) =>
    paths
      .filter((to) => to !== 'sallyport' && to !== 'direct')
      .flatMap((to): Ratio[] => {
        const spread = ratioOf(rounds, 'sallyport', to, measure);
        return spread === undefined ? [] : [{ measure, to, ...spread, ...judged(measures[measure], to, spread) }];
      }),
  );
}

/** The tables for people. */
export function formatFindings(findings: MeshFindings): string {
  const { rounds, seconds } = findings;
  const figures = names.map((measure) => figureLines(rounds, measure)).join('\n');
  const ratios = ratiosOf(findings).map(formatRatio).join('\n');
  return `figures: median, and the range of ${rounds.length} rounds
${figures}

Sallyport as a multiple of the other in the same round: median, and the range
${ratios}

memory of the largest gate process
${memoryLines(findings.memory)}

measured in ${seconds} s\n`;
}

function figureLines(rounds: readonly Round[], measure: MeasureName): string {
  const { title, unit } = measures[measure];
  const lines = paths.flatMap((path) => {
    const figure = figureOf(rounds, path, measure);
    if (figure === undefined) return [];
    const range = `${amount(figure.min, unit)} – ${amount(figure.max, unit)}`;
    const added = unit === 'µs' && path !== 'direct' ? addedTo(rounds, path, 'direct', measure) : undefined;
    const more = added === undefined ? '' : `   adds ${amount(added.median, unit)}`;
    return [`    ${titles[path].padEnd(18)} ${amount(figure.median, unit).padStart(14)}   ${range.padEnd(30)}${more}`.trimEnd()];
  });
  return [`  ${title}`, ...lines].join('\n');
}

function formatRatio({ measure, to, median, min, max, target, met }: Ratio): string {
  const range = `${min.toFixed(2)} – ${max.toFixed(2)}`;
  const wanted = target === undefined ? '' : `target ${better(measures[measure])} ${target}: ${met === true ? 'met' : 'missed'}`;
  return `  ${measures[measure].title.padEnd(36)} ${median.toFixed(2).padStart(6)} × ${titles[to].padEnd(16)} ${range.padEnd(14)} ${wanted}`.trimEnd();
}

function memoryLines(memory: MeshFindings['memory']): string {
  const lines = paths.flatMap((path) => {
    const figures = memory[path];
    if (figures === undefined) return [];
    const { atRest, active, perIdleConnection } = figures;
    const idle = `${(perIdleConnection / 1024).toFixed(1)} KiB for each further idle one`;
    return [
      `  ${titles[path].padEnd(18)} ${mebibytes(atRest)} at rest, ${mebibytes(active)} with 1,000 active connections, ${idle}`,
    ];
  });
  const wanted = `  target             at most ${mebibytes(memoryTargets.active)} active, ${memoryTargets.perIdleConnection / 1024} KiB idle`;
  return lines.length === 0 ? '  not measured: this system does not tell' : [...lines, wanted].join('\n');
}

function judged(measure: Measure, to: PathName, { median }: Spread): Pick<Ratio, 'target' | 'met'> {
  const target = measure.targets[to];
  if (target === undefined) return {};
  return { target, met: measure.unit === 'µs' ? median <= target : median >= target };
}

function better({ unit }: Measure): string {
  return unit === 'µs' ? 'at most' : 'at least';
}

function mebibytes(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MiB`;
}

function amount(value: number, unit: Measure['unit']): string {
  if (unit === 'bytes/s') return `${((value * 8) / 1e9).toFixed(2)} Gbit/s`;
  const digits = Math.round(value).toString();
  return `${digits.replace(/\B(?=(\d{3})+$)/g, ',')}${unit === 'µs' ? ' µs' : '/s'}`;
}
