const mebibyte = 1024 * 1024;

/** What may happen this often at once, and this often in the long run. */
export interface Rate {
  readonly burst: number;
  readonly perSecond: number;
}

/** What one connection announces, and what it takes from its peer before it ends. */
export interface Http2Limits {
  /** Window of one stream (reference section 7.4). */
  readonly streamWindow: number;
  /** Window of the whole connection, and so the bytes that it may hold for readers that are slow. */
  readonly connectionWindow: number;
  readonly maxFrameSize: number;
  /** Streams that the peer may have open; further ones are refused with REFUSED_STREAM. */
  readonly maxConcurrentStreams: number;
  readonly maxHeaderListSize: number;
  readonly maxHeaderFields: number;
  readonly maxContinuations: number;
  /** Payload of a SETTINGS or GOAWAY frame. */
  readonly maxControlPayload: number;
  /** Answers (to PING and SETTINGS, RST_STREAM) that wait because the peer does not read, in bytes. */
  readonly maxQueuedControl: number;
  /** PING frames. */
  readonly pings: Rate;
  /** SETTINGS frames. */
  readonly settings: Rate;
  /** Streams that the peer opened and reset before they were answered. */
  readonly rapidResets: Rate;
  /** Frames that mean nothing: PRIORITY, unknown types, empty DATA, frames of streams that are closed. */
  readonly idleFrames: Rate;
  /** WINDOW_UPDATE frames beyond four for each DATA frame that was sent. */
  readonly windowUpdates: Rate;
  /** Streams that this side reset because the peer broke a rule on them, or had too many. */
  readonly streamErrors: Rate;
  /** From the beginning of the connection to the peer's SETTINGS, in milliseconds. */
  readonly prefaceTimeoutMs: number;
}

/** Generous to any implementation that behaves (reference section 7.4 for the first four); documented in SECURITY.md. */
export const defaultHttp2Limits: Http2Limits = {
  streamWindow: 4 * mebibyte,
  connectionWindow: 16 * mebibyte,
  maxFrameSize: mebibyte,
  maxConcurrentStreams: 200,
  maxHeaderListSize: 64 * 1024,
  maxHeaderFields: 100,
  maxContinuations: 16,
  maxControlPayload: 16_384,
  maxQueuedControl: 256 * 1024,
  pings: { burst: 100, perSecond: 10 },
  settings: { burst: 20, perSecond: 1 },
  rapidResets: { burst: 200, perSecond: 50 },
  idleFrames: { burst: 1000, perSecond: 100 },
  windowUpdates: { burst: 2000, perSecond: 500 },
  streamErrors: { burst: 200, perSecond: 50 },
  prefaceTimeoutMs: 10_000,
};

/** An allowance that fills up with time. */
export class Allowance {
  readonly #rate: Rate;
  #left: number;
  #filledAt = performance.now();

  constructor(rate: Rate) {
    this.#rate = rate;
    this.#left = rate.burst;
  }

  /** Takes one; false where none is left. */
  take(): boolean {
    if (this.#left < 1) this.#fill();
    this.#left -= 1;
    return this.#left >= 0;
  }

  /** Gives some back, up to the burst. */
  grant(count: number): void {
    this.#left = Math.min(this.#rate.burst, this.#left + count);
  }

  #fill(): void {
    const now = performance.now();
    const earned = ((now - this.#filledAt) / 1000) * this.#rate.perSecond;
    this.#left = Math.min(this.#rate.burst, Math.max(0, this.#left) + earned);
    this.#filledAt = now;
  }
}
