import { Duplex } from 'node:stream';
import { resetStream } from '../hbone/reset.js';
import type { FilteredConnection } from '../metadata/network-filter.js';
import { MysqlSession, type MysqlSessionOptions, SessionEnd } from './mysql-session.js';
import { PacketReader } from './packet-reader.js';
import { ServerSide } from './protocol/server-side.js';

/** How long a client is given to take the reason why its session ends. */
const farewellMs = 1_000;

/**
 * The client of a MySQL connection as the far side sees it: what is read from this stream has been judged, what is written to it goes to the
 * client. A session that may not go on resets the far side; the client is told why where the protocol has words for it.
 */
export class MysqlStream extends Duplex {
  readonly session: MysqlSession;
  readonly #client: Duplex;
  readonly #server = new ServerSide();
  readonly #packets: PacketReader;
  #taken: (() => void) | undefined;

  constructor(client: Duplex, connection: FilteredConnection, options: Pick<MysqlSessionOptions, 'read' | 'mostStatementBytes'>) {
    super({ allowHalfOpen: true });
    this.#client = client;
    client.on('error', (error) => this.destroy(error));
    client.once('close', () => this.#clientClosed());
    this.#packets = new PacketReader(client);
    this.session = new MysqlSession({
      ...options,
      connection,
      packets: this.#packets,
      server: this.#server,
      forward: (bytes) => this.#forward(bytes),
      reply: (bytes) => this.#reply(bytes),
    });
    void this.#serve();
  }

  override _read(): void {
    this.#taken?.();
    this.#taken = undefined;
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    let relayed: Buffer;
    try {
      relayed = this.#server.push(chunk);
    } catch (error) {
      done(error instanceof Error ? error : new Error(String(error)));
      return;
    }
    if (relayed.length === 0) {
      this.#server.release();
      done();
      return;
    }
    this.#client.write(relayed, done);
    this.#server.release();
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#server.ended();
    this.#client.end(done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#taken?.();
    if (this.writableFinished && this.readableEnded) this.#client.destroy(error ?? undefined);
    else resetStream(this.#client);
    done(error);
  }

  async #serve(): Promise<void> {
    try {
      await this.session.serve();
      this.push(null);
    } catch (error) {
      if (error instanceof SessionEnd && error.answer !== undefined) await this.#farewell(error.answer);
      this.destroy(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** Resolves when there is room for more. */
  async #forward(bytes: Buffer): Promise<void> {
    if (this.destroyed || this.push(bytes)) return;
    await new Promise<void>((resolve) => {
      this.#taken = resolve;
    });
  }

  /** Resolves when the client has taken it: who does not read what it is told is not told more. */
  async #reply(bytes: Buffer): Promise<void> {
    if (this.destroyed || this.#client.write(bytes)) return;
    await new Promise<void>((resolve) => {
      const done = () => {
        this.#client.off('drain', done).off('close', done);
        resolve();
      };
      this.#client.on('drain', done).on('close', done);
    });
  }

  /** Says the last word to the client, and waits until it has hung up: a reset may overtake what was said before it. */
  async #farewell(answer: Buffer): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, farewellMs);
      const done = () => {
        clearTimeout(timer);
        resolve();
      };
      this.#client.once('end', done).once('close', done);
      this.#client.end(answer);
      this.#packets.discard();
    });
  }

  #clientClosed(): void {
    if (this.readableEnded && this.writableFinished) this.destroy();
    else if (!this.destroyed) this.#reading(() => this.destroy(new Error('client closed the connection')));
  }

  /** What the client sent before it closed in order is still heard. */
  #reading(afterwards: () => void): void {
    if (this.#client.readableEnded && this.#client.writableFinished) this.once('end', () => this.destroy());
    else afterwards();
  }
}
