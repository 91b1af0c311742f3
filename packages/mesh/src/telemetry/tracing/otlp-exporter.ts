import { setTimeout as wait } from 'node:timers/promises';
import type { Span } from './span.js';

/** Bounds of an exporter; times are milliseconds. */
export interface ExporterLimits {
  /** Spans that wait; further ones are dropped. */
  readonly queue: number;
  readonly batch: number;
  /** How long a span waits for others. */
  readonly gatherMs: number;
  readonly attempts: number;
  /** Before a second attempt; doubled for each further one. */
  readonly retryMs: number;
}

const defaultExporterLimits: ExporterLimits = { queue: 2048, batch: 512, gatherMs: 1000, attempts: 5, retryMs: 1000 };

/** What became of a delivery. */
export type Delivery =
  /** The collector has them; so many of them it did not want. */
  | { readonly kind: 'taken'; readonly rejected: number }
  | { readonly kind: 'refused'; readonly error: string }
  /** It may work later, not before `afterMs` where that is said. */
  | { readonly kind: 'failed'; readonly error: string; readonly afterMs?: number };

/** What an exporter needs. */
export interface ExporterOptions {
  readonly limits?: Partial<ExporterLimits>;
  /** Delivers a batch; never rejects. */
  readonly deliver: (spans: readonly Span[], signal: AbortSignal) => Promise<Delivery>;
  readonly exported: (count: number) => void;
  readonly dropped: (count: number) => void;
  /** Told when deliveries begin to fail, and when they work again. */
  readonly log: (line: string) => void;
}

/** The longest that a collector may have us wait. */
const longestWaitMs = 30_000;

/**
 * Takes spans and delivers them in batches, one after the other. Whoever hands one over never waits: what a slow or dead collector does not
 * take waits in a queue, and is dropped and counted once that is full.
 */
export class OtlpExporter {
  readonly #options: ExporterOptions;
  readonly #limits: ExporterLimits;
  readonly #ended = new AbortController();
  #waiting: Span[] = [];
  #sending: Promise<void> | undefined;
  #failing = false;
  #closed = false;
  #wake = new AbortController();

  constructor(options: ExporterOptions) {
    this.#options = options;
    this.#limits = { ...defaultExporterLimits, ...options.limits };
  }

  /** Takes a span. Never throws. */
  add(span: Span): void {
    if (this.#closed || this.#waiting.length >= this.#limits.queue) {
      this.#options.dropped(1);
      return;
    }
    this.#waiting.push(span);
    if (this.#waiting.length >= this.#limits.batch) this.#wake.abort();
    this.#sending ??= this.#send();
  }

  /** Takes nothing more; delivers what waits for up to `withinMs` milliseconds, and drops the rest. */
  async close(withinMs: number): Promise<void> {
    this.#closed = true;
    this.#wake.abort();
    const timer = setTimeout(() => this.#ended.abort(), withinMs);
    await this.#sending;
    clearTimeout(timer);
    this.#ended.abort();
  }

  async #send(): Promise<void> {
    while (this.#waiting.length > 0) {
      if (!this.#closed) await pause(this.#limits.gatherMs, this.#wake.signal);
      this.#wake = new AbortController();
      await this.#deliver(this.#waiting.splice(0, this.#limits.batch));
    }
    this.#sending = undefined;
  }

  async #deliver(batch: readonly Span[]): Promise<void> {
    for (let attempt = 1; !this.#ended.signal.aborted; attempt += 1) {
      const outcome = await this.#options.deliver(batch, this.#ended.signal);
      if (outcome.kind === 'taken') return this.#taken(batch.length, outcome.rejected);
      this.#fails(outcome.error);
      if (outcome.kind === 'refused' || attempt >= this.#limits.attempts) break;
      await pause(this.#waitFor(attempt, outcome.afterMs), this.#ended.signal);
    }
    this.#options.dropped(batch.length);
  }

  /** With a little chance in it, so that the gates of a mesh do not come back all at once. */
  #waitFor(attempt: number, afterMs = 0): number {
    const own = this.#limits.retryMs * 2 ** (attempt - 1) * (0.75 + Math.random() / 2);
    return Math.min(Math.max(own, afterMs), longestWaitMs);
  }

  #taken(count: number, rejected: number): void {
    const refused = Math.min(Math.max(rejected, 0), count);
    this.#options.exported(count - refused);
    if (refused > 0) this.#options.dropped(refused);
    if (this.#failing) this.#options.log('traces are exported again');
    this.#failing = false;
  }

  #fails(error: string): void {
    if (!this.#failing) this.#options.log(`traces cannot be exported: ${error}`);
    this.#failing = true;
  }
}

/** Keeps no process alive. */
async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await wait(milliseconds, undefined, { signal, ref: false }).catch(() => undefined);
}
