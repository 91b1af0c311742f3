import type { BodySink, BodySource } from './exchange.js';

/** A body broke off: the side that should have gone on did not. */
export class BodyBrokenError extends Error {
  override readonly name = 'BodyBrokenError';
  constructor(
    readonly side: 'source' | 'sink',
    cause?: unknown,
  ) {
    super(`the ${side} of a body closed before its end`, { cause });
  }
}

/** Whoever should have gone on sending or taking a body was there, and did nothing for too long. */
export class StalledBodyError extends Error {
  override readonly name = 'StalledBodyError';
}

/**
 * Moves a body with its trailers, as fast as the slower side goes: nothing is read while the sink holds more than its high-water mark.
 * Resolves once the sink was told of the end, rejects with BodyBrokenError where either side closes before, and with StalledBodyError where the
 * sink takes nothing for `patienceMs`.
 */
export function pump(source: BodySource, sink: BodySink, onBytes: (count: number) => void, patienceMs?: number): Promise<void> {
  return new Promise((resolve, reject) => {
    let over = false;
    let timer: NodeJS.Timeout | undefined;
    const settle = (act: () => void) => {
      if (!over) {
        over = true;
        clearTimeout(timer);
        act();
      }
    };
    const stalled = () => settle(() => reject(new StalledBodyError('nobody takes the body')));
    const broken = (side: 'source' | 'sink') => (cause?: unknown) => settle(() => reject(new BodyBrokenError(side, cause)));
    source.stream.on('data', (chunk: Buffer) => {
      onBytes(chunk.length);
      // An empty chunk says nothing, and is not safe to write on a stream of HTTP/2.
      if (!over && chunk.length > 0 && !sink.stream.write(chunk)) {
        source.stream.pause();
        if (patienceMs !== undefined) timer = setTimeout(stalled, patienceMs);
      }
    });
    sink.stream.on('drain', () => {
      clearTimeout(timer);
      source.stream.resume();
    });
    source.stream.on('end', () => {
      if (!source.complete()) {
        return broken('source')();
      }
      settle(() => {
        sink.finish(source.trailers());
        resolve();
      });
    });
    source.stream.on('error', broken('source'));
    source.stream.on('close', broken('source'));
    sink.stream.on('error', broken('sink'));
    sink.stream.on('close', broken('sink'));
  });
}
