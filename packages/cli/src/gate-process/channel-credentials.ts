import { createCertificateRequest, renewalTime, retryDelay } from '@sallyport/control';
import type { CredentialSource, Credentials } from '@sallyport/mesh';
import type { SigningChannel } from './signing-channel.js';

/** Who hears how certificates fare. */
export interface CredentialEvents {
  log(line: string): void;
  /** Counts a renewal that failed. */
  renewalFailed(): void;
}

interface Entry {
  credentials: Credentials | undefined;
  pending: Promise<Credentials> | undefined;
  renewal: NodeJS.Timeout | undefined;
}

/**
 * The certificates of a gate process. Keys are made here and never leave; the supervisor's authority signs. Renewed at about half of
 * their life; where that fails it is tried again until the certificate has run out, and from then on there are none.
 */
export class ChannelCredentials implements CredentialSource {
  readonly #signing: SigningChannel;
  readonly #events: CredentialEvents;
  readonly #entries = new Map<string, Entry>();
  readonly #listeners = new Set<(identity: string) => void>();

  constructor(signing: SigningChannel, events: CredentialEvents) {
    this.#signing = signing;
    this.#events = events;
  }

  fetch(identity: string): Promise<Credentials> {
    const current = this.current(identity);
    if (current !== undefined) return Promise.resolve(current);
    const entry = this.#entry(identity);
    entry.pending ??= this.#obtain(identity).finally(() => {
      entry.pending = undefined;
    });
    return entry.pending;
  }

  current(identity: string): Credentials | undefined {
    const credentials = this.#entries.get(identity)?.credentials;
    return credentials !== undefined && credentials.notAfter.getTime() > Date.now() ? credentials : undefined;
  }

  onRenewal(listener: (identity: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The newest certificates of all identities. */
  get all(): readonly Credentials[] {
    return [...this.#entries.values()].flatMap(({ credentials }) => credentials ?? []);
  }

  /** Gets another certificate for an identity that has one, now; where that fails it is tried again later. Never rejects. */
  async renew(identity: string): Promise<void> {
    const entry = this.#entries.get(identity);
    clearTimeout(entry?.renewal);
    if (entry?.credentials !== undefined) await this.#renew(identity, 0);
  }

  close(): void {
    for (const entry of this.#entries.values()) clearTimeout(entry.renewal);
    this.#entries.clear();
    this.#listeners.clear();
  }

  #entry(identity: string): Entry {
    const known = this.#entries.get(identity);
    if (known !== undefined) return known;
    const entry: Entry = { credentials: undefined, pending: undefined, renewal: undefined };
    this.#entries.set(identity, entry);
    return entry;
  }

  async #obtain(identity: string): Promise<Credentials> {
    const { key, request } = await createCertificateRequest();
    const { chain, bundle, validity } = await this.#signing.sign(identity, request);
    const notAfter = new Date(validity.notAfter);
    const credentials = { identity, key, chain, bundle, notAfter };
    const entry = this.#entry(identity);
    entry.credentials = credentials;
    const due = renewalTime({ notBefore: new Date(validity.notBefore), notAfter }, Math.random());
    this.#renewIn(identity, due.getTime() - Date.now(), 0);
    return credentials;
  }

  #renewIn(identity: string, waitMs: number, attempt: number): void {
    const entry = this.#entry(identity);
    clearTimeout(entry.renewal);
    entry.renewal = setTimeout(() => void this.#renew(identity, attempt), Math.max(0, waitMs));
    entry.renewal.unref();
  }

  async #renew(identity: string, attempt: number): Promise<void> {
    try {
      await this.#obtain(identity);
      for (const listener of this.#listeners) listener(identity);
    } catch (error) {
      this.#events.renewalFailed();
      this.#events.log(`the certificate of ${identity} was not renewed: ${(error as Error).message}`);
      if (this.current(identity) === undefined) this.#entries.delete(identity);
      else this.#renewIn(identity, retryDelay(attempt, Math.random()), attempt + 1);
    }
  }
}
