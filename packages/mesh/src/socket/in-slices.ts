import { setImmediate as nextTurn } from 'node:timers/promises';

/** Milliseconds of work between two turns of the event loop. */
const sliceMs = 5;

/**
 * Works ahead through many items, in slices between turns of the event loop, so that traffic goes on meanwhile. An item whose work throws
 * is passed over, and so are all where they cannot be listed: whoever needs one later finds the same, and denies. Rejects where `signal`
 * says that it is not wanted any more.
 */
export async function inSlices<Item>(list: () => Iterable<Item>, work: (item: Item) => void, signal: AbortSignal): Promise<void> {
  let began = performance.now();
  for (const item of listed(list)) {
    try {
      work(item);
    } catch {
      // It is not needed yet.
    }
    if (performance.now() - began < sliceMs) continue;
    await nextTurn();
    signal.throwIfAborted();
    began = performance.now();
  }
}

function listed<Item>(list: () => Iterable<Item>): readonly Item[] {
  try {
    return [...list()];
  } catch {
    return [];
  }
}
