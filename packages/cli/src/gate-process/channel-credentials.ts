import { createCertificateRequest, renewalTime, retryDelay } from '@sallyport/control';
import type { CredentialSource, Credentials } from '@sallyport/mesh';
import type { Validity } from '../gate-protocol/messages.js';

/** How the credentials of a gate process reach its supervisor. */
export interface CredentialChannel {
  /** Sends a certificate request; false where the supervisor is gone. */
  sign(id: number, identity: string, request: string): boolean;
  log(line: string): void;
  /** Counts a renewal that failed. */
  renewalFailed(): void;
}

interface Entry {
  credentials: Credentials | undefined;
  pending: Promise<Credentials> | undefined;
  renewal: NodeJS.Timeout | undefined;
}

interface Waiting {
  resolve(signed: { chain: string; bundle: string; validity: Validity }): void;
  reject(error: Error): void;
}

/** How long the authority may take. */
const signMs = 10_000;

/**
 * The certificates of a gate process. Keys are made here and never leave; the supervisor's authority signs. Renewed at about half of
 * their life; where that fails it is tried again until the certificate has run out, and from then on there are none.
 */
export class ChannelCredentials implements CredentialSource {
  readonly #channel: CredentialChannel;
  readonly #entries = new Map<string, Entry>();
  readonly #waiting = new Map<number, Waiting>();
  readonly #listeners = new Set<(identity: string) => void>();
  #lastId = 0;

  constructor(channel: CredentialChannel) {
    this.#channel = channel;
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

  /** Gets another certificate for an identity that has one, now; where that fails it is tried again later. Never rejects. */
  async renew(identity: string): Promise<void> {
    const entry = this.#entries.get(identity);
    clearTimeout(entry?.renewal);
    if (entry?.credentials !== undefined) await this.#renew(identity, 0);
  }

  /** The supervisor's answer to a request. */
  signed(id: number, chain: string, bundle: string, validity: Validity): void {
    this.#settle(id)?.resolve({ chain, bundle, validity });
  }

  /** The supervisor's refusal of a request. */
  notSigned(id: number, error: string): void {
    this.#settle(id)?.reject(new Error(error));
  }

  /** Fails every request that nobody will answer any more. */
  disconnected(): void {
    for (const id of [...this.#waiting.keys()]) this.notSigned(id, 'the supervisor is gone');
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
    const { chain, bundle, validity } = await this.#ask(identity, request);
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
      this.#channel.renewalFailed();
      this.#channel.log(`the certificate of ${identity} was not renewed: ${(error as Error).message}`);
      if (this.current(identity) === undefined) this.#entries.delete(identity);
      else this.#renewIn(identity, retryDelay(attempt, Math.random()), attempt + 1);
    }
  }

  #ask(identity: string, request: string): Promise<{ chain: string; bundle: string; validity: Validity }> {
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.notSigned(id, 'the certificate authority did not answer in time'), signMs);
      const settled = (): void => clearTimeout(timer);
      this.#waiting.set(id, {
        resolve: (signed) => {
          settled();
          resolve(signed);
        },
        reject: (error) => {
          settled();
          reject(error);
        },
      });
      if (!this.#channel.sign(id, identity, request)) this.notSigned(id, 'the supervisor is gone');
    });
  }

  #settle(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }
}
