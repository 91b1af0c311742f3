import type { Duplex } from 'node:stream';

/**
 * Ends a connection that nothing is under way on: says so to the other side and waits for it to do the same, so that the gates between
 * see a connection that ended, not one that was cut, and hand the last bytes on to a slow reader. What still comes is nobody's.
 */
export function endInOrder(stream: Duplex, lingerMs: number): void {
  if (stream.destroyed || stream.writableEnded) return;
  cutLater(stream, lingerMs);
  stream.end();
  stream.resume();
}

/** Cuts a connection off that has not ended by then. */
export function cutLater(stream: Duplex, lingerMs: number): void {
  if (stream.destroyed) return;
  const timer = setTimeout(() => stream.destroy(), lingerMs);
  stream.once('close', () => clearTimeout(timer));
}
