import type { RevocationSource } from '@sallyport/mesh';

/** The revocation list of a gate process, as its supervisor sends it. Until one has come, nobody is cleared. */
export class ChannelRevocation implements RevocationSource {
  readonly #listeners = new Set<() => void>();
  #list: Uint8Array | undefined;

  current(): Uint8Array | undefined {
    return this.#list;
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Puts lists in force: when this returns, what they revoke has ended. An empty text says that there are some which cannot be had. */
  put(lists: string): void {
    this.#list = lists === '' ? undefined : Buffer.from(lists);
    for (const listener of this.#listeners) listener();
  }
}
