import type { Hits } from '../../../src/compile/classify/scanner.js';

/** The questions that a scanner reports, each once, in order. */
export function reported(report: (hits: Hits) => void): readonly number[] {
  const found = new Set<number>();
  report({ hit: (question) => void found.add(question) });
  return [...found].sort((a, b) => a - b);
}

/** The places at which something holds. */
export function placesWhere<Item>(items: readonly Item[], holds: (item: Item) => boolean): readonly number[] {
  return items.flatMap((item, place) => (holds(item) ? [place] : []));
}
