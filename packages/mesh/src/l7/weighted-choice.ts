/** Picks by weight: an item's share is its weight over the sum of all. Undefined where no item has weight. */
export function weightedChoice<Item extends { readonly weight: number }>(
  items: readonly Item[],
  random: () => number,
): Item | undefined {
  const total = items.reduce((sum, item) => sum + item.weight, 0);
  let rest = random() * total;
  for (const item of items) {
    if (item.weight > 0) {
      rest -= item.weight;
      if (rest < 0) {
        return item;
      }
    }
  }
  return undefined;
}
