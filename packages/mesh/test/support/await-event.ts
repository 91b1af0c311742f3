import { once } from 'node:events';
import type { Readable } from 'node:stream';

/** Everything that a stream gives until it ends; rejects if it breaks. Leaves the other direction open. */
export function readAll(stream: Readable): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.once('end', () => resolve(Buffer.concat(chunks).toString()));
    stream.once('error', reject);
    stream.once('close', () => reject(new Error('closed before the end')));
  });
}

/** Resolves when a stream has closed, with or without an error. */
export function closed(stream: Readable): Promise<void> {
  return new Promise((resolve) => {
    stream.on('error', () => undefined);
    stream.once('close', () => resolve());
  });
}

/** The next chunk as text. */
export async function readSome(stream: Readable): Promise<string> {
  const [chunk] = await once(stream, 'data');
  return String(chunk);
}

/** A promise with its two ends. */
export function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void; reject: (error: unknown) => void } {
  let resolve: (value: T) => void = () => undefined;
  let reject: (error: unknown) => void = () => undefined;
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}

/** Resolves when a condition holds that no event tells of. */
export async function untilTrue(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
}
