/** What an end hands its bytes to. */
export interface ByteSink {
  /** The chunk is the sink's for the length of the call only: what it keeps it copies. */
  data(chunk: Buffer): void;
  end(): void;
  /** So many bytes that were given to `send` have been sent on. */
  sent(bytes: number): void;
}

/** One end of a tunnel as it is piped: bytes in, bytes out, and how many of them are still on the way. */
export interface ByteEnd {
  /** From now on everything goes through this interface, and nobody else reads or writes. */
  attach(sink: ByteSink): void;
  /** Begins to deliver. Whoever takes the bytes says `consumed` when they have gone on; that is what holds the sender back. */
  start(): void;
  consumed(bytes: number): void;
  /** Sends bytes, however many, and keeps nothing of the chunk. */
  send(chunk: Buffer): void;
}
