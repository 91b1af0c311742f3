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

  /** Puts a list in force: when this returns, what it revokes has ended. */
  put(list: string): void {
    this.#list = Buffer.from(list);
    for (const listener of this.#listeners) listener();
  }
}
