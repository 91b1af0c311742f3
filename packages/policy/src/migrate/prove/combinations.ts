/** Which value of each dimension, by its index. */
export type Choice = readonly number[];

/** How many combinations there are. */
export function countCombinations(sizes: readonly number[]): number {
  return sizes.reduce((product, size) => product * size, 1);
}

/** Every combination. */
export function* allCombinations(sizes: readonly number[]): Generator<Choice> {
  const choice = sizes.map(() => 0);
  for (;;) {
    yield [...choice];
    let at = 0;
    while (at < sizes.length && choice[at] === (sizes[at] ?? 1) - 1) choice[at++] = 0;
    if (at === sizes.length) return;
    choice[at] = (choice[at] ?? 0) + 1;
  }
}

/**
 * Combinations that hold every pair of values of any two dimensions. Each begins with a pair that is still open, and takes for every other
 * dimension the value that closes most others.
 */
export function* pairwiseCombinations(sizes: readonly number[]): Generator<Choice> {
  const open = openPairs(sizes);
  while (open.size > 0) {
    const [pair = ''] = open;
    const [a = 0, valueOfA = 0, b = 0, valueOfB = 0] = pair.split(' ').map(Number);
    const chosen = new Map([
      [a, valueOfA],
      [b, valueOfB],
    ]);
    for (const [dimension, size] of sizes.entries())
      if (!chosen.has(dimension)) chosen.set(dimension, bestValue(dimension, size, chosen, open));
    for (const [first, one] of chosen)
      for (const [second, two] of chosen) if (first < second) open.delete(keyOf(first, one, second, two));
    yield sizes.map((_, dimension) => chosen.get(dimension) ?? 0);
  }
}

function openPairs(sizes: readonly number[]): Set<string> {
  const open = new Set<string>();
  for (const [a, sizeOfA] of sizes.entries())
    for (let b = a + 1; b < sizes.length; b++)
      for (let one = 0; one < sizeOfA; one++) for (let two = 0; two < (sizes[b] ?? 0); two++) open.add(keyOf(a, one, b, two));
  return open;
}

function bestValue(dimension: number, size: number, chosen: ReadonlyMap<number, number>, open: ReadonlySet<string>): number {
  let best = 0;
  let most = -1;
  for (let value = 0; value < size; value++) {
    const closed = [...chosen].filter(([other, its]) =>
      open.has(other < dimension ? keyOf(other, its, dimension, value) : keyOf(dimension, value, other, its)),
    ).length;
    if (closed > most) [best, most] = [value, closed];
  }
  return best;
}

function keyOf(a: number, one: number, b: number, two: number): string {
  return `${a} ${one} ${b} ${two}`;
}

/** Combinations at random, the same ones each time. */
export function* randomCombinations(sizes: readonly number[], count: number): Generator<Choice> {
  let state = 0x9e3779b9;
  const next = (below: number) => {
    // xorshift: a proof that differs from run to run could not be looked into.
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
  for (let made = 0; made < count; made++) yield sizes.map(next);
}
