import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');

const warmUp = 30_000;
const decisions = 5000;
const rounds = 8;

/** Kept where the compiler cannot see that nobody looks at it. */
let last: unknown;

/**
 * Bytes of the heap that a decision takes, garbage included: so few at a time that nothing is collected meanwhile. The least of several rounds, as
 * whatever V8 makes for itself is counted too.
 */
export function allocated(decide: (turn: number) => unknown): number {
  for (let turn = 0; turn < warmUp; turn++) last = decide(turn);
  const found = Array.from({ length: rounds }, () => {
    collect();
    const before = process.memoryUsage().heapUsed;
    for (let turn = 0; turn < decisions; turn++) last = decide(turn);
    return (process.memoryUsage().heapUsed - before) / decisions;
  });
  return last === allocated ? 0 : Math.min(...found);
}
