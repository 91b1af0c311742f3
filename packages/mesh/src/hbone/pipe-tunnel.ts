import type { Duplex } from 'node:stream';
import { resetStream, wasReset } from './reset.js';

/** How a tunnel ended, and what went through it. */
interface TunnelOutcome {
  readonly bytesFromA: number;
  readonly bytesFromB: number;
  /** Why it was cut; absent where both sides ended it in order. */
  readonly error?: Error;
}

/** A tunnel between two streams. */
export interface Tunnel {
  /** Resolves once both streams are closed; never rejects. */
  readonly ended: Promise<TunnelOutcome>;
  /** Resets both sides at once; the first reason given is the outcome's error. */
  reset(reason: Error): void;
}

/**
 * Carries bytes between two streams until both have ended. Each direction ends by itself (half-close); a side that does not take
 * more stops the other's reading (back-pressure); a side that breaks, or closes before it has ended, resets the other, so
 * that truncated data never looks complete.
 */
export function pipeTunnel(a: Duplex, b: Duplex): Tunnel {
  let failure: Error | undefined;
  const cut = (error: Error): void => {
    if (failure !== undefined) return;
    failure = error;
    resetStream(a);
    resetStream(b);
  };
  const closed = Promise.all([untilClosed(a, cut), untilClosed(b, cut)]);
  const fromA = pump(a, b, cut);
  const fromB = pump(b, a, cut);
  const ended = closed.then(() => ({
    bytesFromA: fromA(),
    bytesFromB: fromB(),
    ...(failure === undefined ? {} : { error: failure }),
  }));
  return { ended, reset: cut };
}

/** Resolves when the stream has closed; cuts the tunnel if that is not how it should have ended. */
function untilClosed(stream: Duplex, cut: (error: Error) => void): Promise<void> {
  return new Promise((resolve) => {
    const closed = (): void => {
      if (!stream.readableEnded || !stream.writableFinished || wasReset(stream)) cut(new Error('connection reset by peer'));
      resolve();
    };
    stream.on('error', cut);
    if (stream.closed) closed();
    else stream.once('close', closed);
    if (stream.destroyed) cut(new Error('connection was closed'));
  });
}

/** Moves one direction. Returns a function that tells how many bytes have been moved. */
function pump(from: Duplex, to: Duplex, cut: (error: Error) => void): () => number {
  let moved = 0;
  let unsent = 0;
  let complete = false;
  // Ended only once all is sent: a socket that is ending with data to send cannot be reset any more.
  const endIfSent = (): void => {
    if (complete && unsent === 0 && to.writable) to.end();
  };
  from.on('data', (chunk: Buffer) => {
    // A side that was reset is read on, so that it can close, but nothing of it is passed on.
    if (!to.writable) return;
    moved += chunk.length;
    unsent += 1;
    const sent = (): void => {
      unsent -= 1;
      endIfSent();
    };
    if (!to.write(chunk, sent)) from.pause();
  });
  to.on('drain', () => from.resume());
  from.once('end', () => {
    complete = true;
    if (wasReset(from)) cut(new Error('connection reset by peer'));
    else endIfSent();
  });
  from.resume();
  return () => moved;
}
