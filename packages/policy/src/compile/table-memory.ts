/** Keeps what can be made again. */
export interface Keeper {
  /** Lets go of all that was kept; its share counts none of it any more. */
  forget(): void;
}

/** What one keeper has of a memory. */
export interface MemoryShare {
  /** Bytes kept now. */
  readonly bytes: number;
  /** Asks for so many bytes more. False: all that anyone kept, the one who asks too, has been forgotten to make room. */
  keep(bytes: number): boolean;
  /** Gives back everything. */
  release(): void;
}

const defaultLimit = 1 << 26;

/** About what it takes to know a keeper. */
const shareBytes = 128;

/**
 * How much the tables that share it keep, all together, of what clients make them work out: masks, and states of automata. When it would become
 * too much everything is forgotten, and made again by what comes: whatever clients send, memory stays bounded, and only time is lost. It
 * holds on to no table: what one that went out of use has kept counts until the next time that all is forgotten.
 */
export class TableMemory {
  #kept = 0;
  readonly #shares = new Set<Share>();

  /** `limit` in bytes, estimated. */
  constructor(private readonly limit: number = defaultLimit) {}

  /** Bytes kept now. */
  get kept(): number {
    return this.#kept;
  }

  /** A share of this memory, which is empty at first. */
  shareOf(keeper: Keeper): MemoryShare {
    return new Share(keeper, { keep: (share, bytes) => this.#keep(share, bytes), release: (share) => this.#release(share) });
  }

  #keep(share: Share, bytes: number): boolean {
    const change = bytes + (share.bytes === 0 ? shareBytes : 0);
    this.#shares.add(share);
    if (this.#kept + change > this.limit) {
      this.#forgetAll();
      return false;
    }
    this.#kept += change;
    share.bytes += change;
    return true;
  }

  #release(share: Share): void {
    this.#shares.delete(share);
    this.#kept -= share.bytes;
    share.bytes = 0;
  }

  #forgetAll(): void {
    const shares = [...this.#shares];
    this.#shares.clear();
    this.#kept = 0;
    for (const share of shares) share.forget();
  }
}

class Share implements MemoryShare {
  bytes = 0;
  readonly #keeper: WeakRef<Keeper>;

  constructor(
    keeper: Keeper,
    private readonly memory: { keep(share: Share, bytes: number): boolean; release(share: Share): void },
  ) {
    this.#keeper = new WeakRef(keeper);
  }

  keep(bytes: number): boolean {
    return this.memory.keep(this, bytes);
  }

  release(): void {
    this.memory.release(this);
  }

  forget(): void {
    this.bytes = 0;
    this.#keeper.deref()?.forget();
  }
}
