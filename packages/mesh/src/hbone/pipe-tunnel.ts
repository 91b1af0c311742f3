import type { Duplex } from 'node:stream';
import { TunnelStream } from '../http2/tunnel-stream.js';
import type { ByteEnd } from './byte-end.js';
import { resetStream, wasReset } from './reset.js';
import { SocketEnd } from './socket-end.js';

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
  const [endOfA, endOfB] = [byteEndOf(a), byteEndOf(b)];
  const fromA = new Direction(a, endOfA, b, endOfB, cut);
  const fromB = new Direction(b, endOfB, a, endOfA, cut);
  join(endOfA, fromA, fromB);
  join(endOfB, fromB, fromA);
  endOfA.start();
  endOfB.start();
  const ended = closed.then(() => ({
    bytesFromA: fromA.bytes,
    bytesFromB: fromB.bytes,
    ...(failure === undefined ? {} : { error: failure }),
  }));
  return { ended, reset: cut };
}

function byteEndOf(stream: Duplex): ByteEnd {
  return stream instanceof TunnelStream ? stream : new SocketEnd(stream);
}

/** What comes from an end goes one direction; what has been sent to it came by the other. */
function join(end: ByteEnd, incoming: Direction, outgoing: Direction): void {
  end.attach({
    data: (chunk) => incoming.data(chunk),
    end: () => incoming.end(),
    sent: (bytes) => outgoing.sent(bytes),
  });
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

/** One direction of a tunnel. */
class Direction {
  readonly #from: Duplex;
  readonly #source: ByteEnd;
  readonly #to: Duplex;
  readonly #target: ByteEnd;
  readonly #cut: (error: Error) => void;
  #unsent = 0;
  #complete = false;
  /** Bytes that have been moved. */
  bytes = 0;

  constructor(from: Duplex, source: ByteEnd, to: Duplex, target: ByteEnd, cut: (error: Error) => void) {
    this.#from = from;
    this.#source = source;
    this.#to = to;
    this.#target = target;
    this.#cut = cut;
  }

  data(chunk: Buffer): void {
    if (!this.#to.writable) {
      // A side that was reset is read on, so that it can close, but nothing of it is passed on.
      this.#source.consumed(chunk.length);
      return;
    }
    this.bytes += chunk.length;
    this.#unsent += chunk.length;
    this.#target.send(chunk);
  }

  sent(bytes: number): void {
    this.#unsent -= bytes;
    this.#source.consumed(bytes);
    this.#endIfSent();
  }

  end(): void {
    this.#complete = true;
    if (wasReset(this.#from)) this.#cut(new Error('connection reset by peer'));
    else this.#endIfSent();
  }

  /** Ended only once all is sent: a socket that is ending with data to send cannot be reset any more. */
  #endIfSent(): void {
    if (this.#complete && this.#unsent === 0 && this.#to.writable) this.#to.end();
  }
}
