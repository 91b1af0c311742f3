import type { Resource } from '../resource/model/index.js';
import { compareResources } from './select-resources.js';

/** What is different between two lists; an object that changed is among both. */
export interface ListChange<Item> {
  readonly removed: readonly Item[];
  readonly added: readonly Item[];
}

/** The list with the change made, in the order of `compare`; the same list where there is none. */
export function spliced<Item extends Resource>(
  list: readonly Item[],
  { removed, added }: ListChange<Item>,
  compare: (a: Item, b: Item) => number = compareResources,
): readonly Item[] {
  if (removed.length === 0 && added.length === 0) return list;
  const gone = new Set(removed);
  const kept = gone.size === 0 ? [...list] : list.filter((item) => !gone.has(item));
  for (const item of added) kept.splice(placeOf(item, kept, compare), 0, item);
  return kept;
}

/** The first place in a sorted list whose item comes after this one. */
function placeOf<Item>(item: Item, list: readonly Item[], compare: (a: Item, b: Item) => number): number {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const other = list[middle];
    if (other !== undefined && compare(other, item) <= 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
