import { setTimeout as delay } from 'node:timers/promises';
import type { GateStatus } from '@sallyport/mesh';
import { type GateRole, gateName, type SnapshotData } from '../gate-protocol/messages.js';
import { BackOff } from './back-off.js';
import { GateChild, type GateChildOptions, type TravellingSnapshot } from './gate-child.js';

/** What a keeper needs of its supervisor. */
export interface GateKeeperOptions extends GateChildOptions {
  /** The snapshot in force now. */
  readonly committed: () => SnapshotData;
  /** Records the processes that exist. Done before a gate opens anything, so that none is ever lost: where it rejects, the gate does not open. */
  readonly record: () => Promise<void>;
  /** Tells people. */
  readonly report: (event: { readonly what: 'died' | 'restarted'; readonly detail: string }, pid: number) => void;
}

/**
 * Keeps one gate running: where its process ends, a new one gets the snapshot in force. In between its sockets are closed, so
 * nothing passes.
 */
export class GateKeeper {
  readonly role: GateRole;
  readonly name: string;
  readonly #options: GateKeeperOptions;
  readonly #backOff = new BackOff({ firstMs: 50, longestMs: 10_000, healthyMs: 10_000 });
  #child: GateChild | undefined;
  /** Whether the child has opened its gate; only then does it take part in changes. */
  #isUp = false;
  #prepared = 0;
  #startedAt = 0;
  readonly #stop = new AbortController();

  constructor(options: GateKeeperOptions) {
    this.role = options.role;
    this.name = gateName(options.role);
    this.#options = options;
  }

  get child(): GateChild | undefined {
    return this.#child;
  }

  /** Whether the gate has opened. */
  get isUp(): boolean {
    return this.#isUp;
  }

  /** Starts the gate for the first time. Rejects, with nothing left running, where it cannot open. */
  async start(snapshot: SnapshotData): Promise<void> {
    const child = await this.#spawn();
    try {
      await child.start(snapshot);
    } catch (error) {
      this.#stop.abort();
      child.kill();
      await child.ended;
      throw error;
    }
    this.#isUp = true;
    void this.#keep(child);
  }

  /** Resolves where the gate is ready to commit, or is not running: then it gets the new state when it starts. */
  async prepare(snapshot: TravellingSnapshot): Promise<void> {
    const child = this.#child;
    if (child === undefined || !this.#isUp) return;
    try {
      await child.prepare(snapshot);
      this.#prepared = snapshot.number;
    } catch (error) {
      if (!child.hasEnded) throw error;
    }
  }

  /**
   * Puts a prepared snapshot in force. A gate that does not confirm, or came up after the others prepared, is killed: it may
   * enforce an old state, and the next one starts with the new.
   */
  async commit(number: number): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    if (!this.#isUp || this.#prepared !== number) return child.kill();
    await child.commit(number).catch(() => child.kill());
  }

  /** Has the gate renew a certificate, within a time; one that does not is told of by its own log. */
  async renew(identity: string, timeoutMs: number): Promise<void> {
    if (this.#isUp) await this.#child?.renew(identity, timeoutMs).catch(() => undefined);
  }

  /** Puts a revocation list in force, also at a gate that is only coming up. One that does not confirm is killed; the next one starts with the list. */
  async revoke(list: string): Promise<void> {
    const child = this.#child;
    await child?.revoke(list).catch(() => child.kill());
  }

  abort(number: number): void {
    if (this.#isUp) this.#child?.abort(number);
  }

  /** The gate's own view; undefined while it is down. */
  async status(): Promise<GateStatus | undefined> {
    if (!this.#isUp) return undefined;
    return this.#child?.status().catch(() => undefined);
  }

  async stop(drainMs: number): Promise<void> {
    this.#stop.abort();
    await this.#child?.stop(drainMs);
  }

  kill(): void {
    this.#stop.abort();
    this.#child?.kill();
  }

  async #spawn(): Promise<GateChild> {
    const child = GateChild.spawn(this.#options);
    this.#child = child;
    this.#startedAt = Date.now();
    try {
      await this.#options.record();
    } catch (error) {
      child.kill();
      await child.ended;
      throw error;
    }
    return child;
  }

  async #keep(first: GateChild): Promise<void> {
    let how = await first.ended;
    while (!this.#stop.signal.aborted) {
      const pid = this.#child?.identity.pid ?? 0;
      this.#isUp = false;
      this.#child = undefined;
      this.#options.report({ what: 'died', detail: how }, pid);
      await this.#wait(this.#backOff.after(Date.now() - this.#startedAt));
      if (this.#stop.signal.aborted) return;
      how = await this.#run();
    }
  }

  /** One more life of the gate; resolves with how it ended. */
  async #run(): Promise<string> {
    let child: GateChild | undefined;
    try {
      child = await this.#spawn();
      // A change that is committed while this goes on kills the child, see `commit`.
      await child.start(this.#options.committed());
      this.#isUp = true;
      this.#options.report({ what: 'restarted', detail: `process ${child.identity.pid}` }, child.identity.pid);
    } catch (error) {
      child?.kill();
      await child?.ended;
      return (error as Error).message;
    }
    return child.ended;
  }

  /** Ends early, and quietly, when the gate is stopped. */
  #wait(ms: number): Promise<void> {
    return delay(ms, undefined, { signal: this.#stop.signal }).catch(() => undefined);
  }
}
