import type { JwtRule, SignatureResult, WantedSignature } from '@sallyport/policy';
import { type KeySet, readKeySet } from './key-set.js';
import { type KeyLocation, keyLocation } from './locate-keys.js';
import { defaultKeyLifetimes, type KeyEvent, type KeyLifetimes, RemoteKeys } from './remote-keys.js';
import { verifySignature } from './verify-signature.js';

/** What a verifier needs of its surroundings. */
export interface TokenVerifierOptions {
  readonly lifetimes?: KeyLifetimes;
  /** Milliseconds since 1970; the system's clock where absent. */
  readonly clock?: () => number;
  /** Told of every fetch of keys; `place` is the address or issuer. */
  readonly report?: (place: string, event: KeyEvent) => void;
}

/**
 * Verifies the signatures of tokens for one gate, with keys that stand in rules, behind an address, or behind an issuer (reference
 * section 8.5). Keys outlive snapshots, so that a change of policy fetches nothing anew.
 */
export class TokenVerifier {
  readonly #remote = new Map<string, RemoteKeys>();
  readonly #inline = new WeakMap<JwtRule, KeySet>();
  readonly #clock: () => number;
  #closed = false;

  constructor(private readonly options: TokenVerifierOptions = {}) {
    this.#clock = options.clock ?? Date.now;
  }

  /** Whole seconds since 1970. */
  now(): number {
    return Math.floor(this.#clock() / 1000);
  }

  /** The outcome for one signature. Never rejects: where there are no keys, none is valid. */
  async verify({ rule, token }: WantedSignature): Promise<SignatureResult> {
    try {
      const location = keyLocation(rule);
      if (location === undefined) return await verifySignature(this.#inlineKeys(rule), token);
      return await this.#verifyRemotely(this.#keysAt(location), rule.timeoutMs, token);
    } catch {
      return 'keys-unavailable';
    }
  }

  close(): void {
    this.#closed = true;
    for (const keys of this.#remote.values()) keys.close();
  }

  async #verifyRemotely(remote: RemoteKeys, timeoutMs: number, token: WantedSignature['token']): Promise<SignatureResult> {
    const keys = await remote.current(timeoutMs);
    if (keys === undefined) return 'keys-unavailable';
    const result = await verifySignature(keys, token);
    if (result !== 'no-key') return result;
    const renewed = await remote.renewed(timeoutMs);
    return renewed === undefined || renewed === keys ? result : verifySignature(renewed, token);
  }

  #inlineKeys(rule: JwtRule): KeySet {
    const keys = this.#inline.get(rule) ?? (rule.jwks === undefined ? { keys: [] } : readKeySet(rule.jwks));
    this.#inline.set(rule, keys);
    return keys;
  }

  #keysAt(location: KeyLocation): RemoteKeys {
    const place = 'uri' in location ? location.uri : location.issuer;
    const known = this.#remote.get(JSON.stringify(location));
    if (known !== undefined) return known;
    const keys = new RemoteKeys({
      location,
      clock: this.#clock,
      lifetimes: this.options.lifetimes ?? defaultKeyLifetimes,
      report: (event) => this.options.report?.(place, event),
    });
    if (this.#closed) keys.close();
    this.#remote.set(JSON.stringify(location), keys);
    return keys;
  }
}
