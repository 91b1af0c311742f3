import { Allowance, type Http2Limits } from './limits.js';
import { ConnectionError, errorCode } from './protocol.js';

/** What is limited by rate. */
type Limited = 'pings' | 'settings' | 'rapidResets' | 'idleFrames' | 'windowUpdates' | 'streamErrors';

/** How often a peer may still do what costs this side something and brings nobody anything. */
export class Allowances {
  readonly #left: Readonly<Record<Limited, Allowance>>;

  constructor(limits: Pick<Http2Limits, Limited>) {
    this.#left = {
      pings: new Allowance(limits.pings),
      settings: new Allowance(limits.settings),
      rapidResets: new Allowance(limits.rapidResets),
      idleFrames: new Allowance(limits.idleFrames),
      windowUpdates: new Allowance(limits.windowUpdates),
      streamErrors: new Allowance(limits.streamErrors),
    };
  }

  /** Takes one; throws `ConnectionError` where none is left. */
  spend(what: Limited, description: string): void {
    if (!this.#left[what].take()) throw new ConnectionError(errorCode.enhanceYourCalm, `too many ${description}`);
  }

  /** Gives some back: whoever uses tunnels earns what using them brings with it. */
  grant(what: Limited, count: number): void {
    this.#left[what].grant(count);
  }
}
