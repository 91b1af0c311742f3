import type { Figures, MeasureName } from './measures.js';
import type { PathName } from './path/bench-path.js';
import { type Spread, spreadOf } from './spread.js';

/** What one round found, path by path. */
export type Round = Partial<Readonly<Record<PathName, Figures>>>;

/** A path's figure over all rounds; undefined where no round has it. */
export function figureOf(rounds: readonly Round[], path: PathName, measure: MeasureName): Spread | undefined {
  return spread(rounds.map((round) => round[path]?.[measure]));
}

/** A path's figure divided by another path's of the same round, over all rounds. */
export function ratioOf(rounds: readonly Round[], path: PathName, to: PathName, measure: MeasureName): Spread | undefined {
  return spread(rounds.map((round) => divided(round[path]?.[measure], round[to]?.[measure])));
}

/** What a path adds to another's figure of the same round, over all rounds. */
export function addedTo(rounds: readonly Round[], path: PathName, to: PathName, measure: MeasureName): Spread | undefined {
  return spread(rounds.map((round) => divided(round[path]?.[measure], round[to]?.[measure], (a, b) => a - b)));
}

/** The order of a round: each begins with another path, so that no path always follows the same one. */
export function rotated<Item>(items: readonly Item[], by: number): Item[] {
  const at = items.length === 0 ? 0 : by % items.length;
  return [...items.slice(at), ...items.slice(0, at)];
}

function divided(
  value: number | undefined,
  reference: number | undefined,
  combine = (a: number, b: number): number => a / b,
): number | undefined {
  return value === undefined || reference === undefined ? undefined : combine(value, reference);
}

function spread(values: readonly (number | undefined)[]): Spread | undefined {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : spreadOf(known);
}
