/**
 * Bytes of one write. Large enough to make a system call worth while, small enough to stay in a core's cache. Buffers of this size are
 * used again: one for every write would be memory outside V8's heap, whose amount is what makes V8 collect garbage.
 */
export const batchBytes = 128 * 1024;

/** Bytes of one read: with headers of frames between, they still fit one batch. */
export const readBytes = batchBytes - 8 * 1024;

const spare: Buffer[] = [];
const mostSpare = 256;

/** A buffer of `batchBytes`; whatever is in it. */
export function takeBatch(): Buffer {
  return spare.pop() ?? Buffer.allocUnsafeSlow(batchBytes);
}

/** Gives a buffer back that nobody uses any more. */
export function returnBatch(buffer: Buffer): void {
  if (spare.length < mostSpare) spare.push(buffer);
}
