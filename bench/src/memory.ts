import { setImmediate } from 'node:timers/promises';

/** What this process holds: the heap and what V8 counts outside of it (array buffers, memories of WebAssembly). */
export function heldBytes(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Collects all garbage. The process has to run with --expose-gc. */
export async function collectGarbage(): Promise<void> {
  const { gc } = globalThis;
  if (gc === undefined) throw new Error('memory can only be measured with --expose-gc');
  // What finalizers free is gone only after a turn of the event loop.
  for (let turn = 0; turn < 2; turn += 1) {
    gc();
    await setImmediate();
  }
}
