import type { LiveConnection } from '../gate.js';

/** An open connection that can be judged again. */
export interface JudgedConnection {
  /** Decides anew under the state in force, and ends the connection where that denies. */
  rejudge(): void;
  /** Ends it at once, with a reason for the log. */
  cut(reason: string): void;
  /** Who is connected to what, as far as it is known; undefined before anything is. */
  describe(): LiveConnection | undefined;
}

/**
 * The open connections of a gate. A connection registers before its first verdict, so that no change of policy can fall between that
 * verdict and the registration (reference section 7.8).
 */
export class ConnectionRegistry {
  readonly #connections = new Set<JudgedConnection>();
  #emptied: (() => void) | undefined;

  /** Connections that are open. */
  get size(): number {
    return this.#connections.size;
  }

  /** Registers a connection. Returns what to call when it has ended. */
  add(connection: JudgedConnection): () => void {
    this.#connections.add(connection);
    return () => {
      this.#connections.delete(connection);
      if (this.#connections.size === 0) this.#emptied?.();
    };
  }

  /** Judges every connection again. One that cannot be judged is cut. */
  rejudge(): void {
    for (const connection of [...this.#connections]) {
      try {
        connection.rejudge();
      } catch (error) {
        connection.cut(`connection cannot be judged: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
  }

  /** The first of the open connections, so many at most. */
  describe(most: number): LiveConnection[] {
    const found: LiveConnection[] = [];
    for (const connection of this.#connections) {
      if (found.length >= most) break;
      const live = connection.describe();
      if (live !== undefined) found.push(live);
    }
    return found;
  }

  /** Waits for the connections to end, for up to `drainMs` milliseconds, then cuts them. */
  async drain(drainMs: number): Promise<void> {
    if (this.size === 0) return;
    const empty = new Promise<void>((resolve) => {
      this.#emptied = resolve;
    });
    const timer = setTimeout(() => {
      for (const connection of [...this.#connections]) connection.cut('connection closed as the gate stops');
    }, drainMs);
    await empty;
    clearTimeout(timer);
  }
}
