import { fetchText } from './fetch-text.js';
import { type KeySet, KeySetError, readKeySet } from './key-set.js';
import { discoverKeys, type KeyLocation } from './locate-keys.js';

/** How long fetched keys serve. All times in milliseconds. */
export interface KeyLifetimes {
  /** Until they are fetched again, where the server does not say; what it says is held within the bounds. */
  readonly freshMs: number;
  readonly minimumFreshMs: number;
  readonly maximumFreshMs: number;
  /** How long they go on serving while they cannot be fetched again. */
  readonly staleMs: number;
  /** Shortest time between two fetches that a token with an unknown key brings about, and after the first failure. */
  readonly retryMs: number;
  /** Longest time between two attempts while the server fails. */
  readonly maximumRetryMs: number;
}

/** Upstream asks every 20 minutes (reference section 8.5). */
export const defaultKeyLifetimes: KeyLifetimes = {
  freshMs: 20 * 60_000,
  minimumFreshMs: 60_000,
  maximumFreshMs: 24 * 3_600_000,
  staleMs: 24 * 3_600_000,
  retryMs: 5_000,
  maximumRetryMs: 60_000,
};

/** What happened to the keys of one place. */
export type KeyEvent =
  | { readonly kind: 'fetched'; readonly keys: number }
  | { readonly kind: 'failed'; readonly detail: string; readonly stale: boolean };

interface Fetched {
  readonly set: KeySet;
  readonly at: number;
  /** From then on they are fetched anew when they are used, ahead of their end. */
  readonly refreshAt: number;
  readonly staleAt: number;
}

/** What `RemoteKeys` needs of its surroundings. */
export interface RemoteKeysOptions {
  readonly location: KeyLocation;
  readonly lifetimes: KeyLifetimes;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  readonly report: (event: KeyEvent) => void;
}

/**
 * The keys behind one address or issuer. They are fetched when first needed, and ahead of their end while the old ones still
 * serve; while the server fails the old ones serve on, up to a bound, and then there are none. At most one fetch runs at a time,
 * and a failing server is asked ever less often.
 */
export class RemoteKeys {
  readonly #closed = new AbortController();
  #fetched: Fetched | undefined;
  #running: Promise<void> | undefined;
  #failures = 0;
  #lastAttempt = Number.NEGATIVE_INFINITY;

  constructor(private readonly options: RemoteKeysOptions) {}

  /** The keys that serve now; undefined where there are none. `timeoutMs` bounds a fetch that this begins. Never rejects. */
  async current(timeoutMs: number): Promise<KeySet | undefined> {
    const now = this.options.clock();
    const usable = this.#usable();
    if (usable === undefined) {
      await this.#fetchUnlessTooSoon(now, timeoutMs);
    } else if (now >= usable.refreshAt) {
      void this.#fetchUnlessTooSoon(now, timeoutMs);
    }
    return this.#usable()?.set;
  }

  /** The keys after asking again, as a token names one that is not there: issuers change them. */
  async renewed(timeoutMs: number): Promise<KeySet | undefined> {
    await this.#fetchUnlessTooSoon(this.options.clock(), timeoutMs);
    return this.#usable()?.set;
  }

  /** Ends a fetch that is under way. */
  close(): void {
    this.#closed.abort();
  }

  #usable(): Fetched | undefined {
    return this.#fetched !== undefined && this.options.clock() < this.#fetched.staleAt ? this.#fetched : undefined;
  }

  async #fetchUnlessTooSoon(now: number, timeoutMs: number): Promise<void> {
    const { retryMs, maximumRetryMs } = this.options.lifetimes;
    const pause = Math.min(maximumRetryMs, retryMs * 2 ** Math.max(0, this.#failures - 1));
    if (this.#running === undefined && !this.#closed.signal.aborted && now >= this.#lastAttempt + pause) {
      this.#lastAttempt = now;
      this.#running = this.#fetch(timeoutMs).finally(() => {
        this.#running = undefined;
      });
    }
    await this.#running;
  }

  async #fetch(timeoutMs: number): Promise<void> {
    const { location, lifetimes, clock, report } = this.options;
    try {
      const uri = 'uri' in location ? location.uri : await discoverKeys(location.issuer, timeoutMs, this.#closed.signal);
      const { text, maxAgeMs = lifetimes.freshMs } = await fetchText(uri, timeoutMs, this.#closed.signal);
      const set = readKeySet(text);
      if (set.keys.length === 0) throw new KeySetError('it has no key that a token could be checked with');
      const now = clock();
      const fresh = Math.min(lifetimes.maximumFreshMs, Math.max(lifetimes.minimumFreshMs, maxAgeMs));
      this.#fetched = { set, at: now, refreshAt: now + fresh * 0.8, staleAt: now + fresh + lifetimes.staleMs };
      this.#failures = 0;
      report({ kind: 'fetched', keys: set.keys.length });
    } catch (error) {
      this.#failures += 1;
      const detail = error instanceof Error ? error.message : String(error);
      report({ kind: 'failed', detail, stale: this.#usable() !== undefined });
    }
  }
}
