import type { ResolvedStatement } from './database-state.js';
import { ProtocolError } from './protocol/protocol-error.js';

/** As many as a server keeps by default. */
const most = 16_384;

/** In MariaDB, stands for the statement that was prepared last. */
const lastPrepared = 0xff_ff_ff_ff;

/** What the prepared statements of a connection are about, by their ids: they are judged again when they are executed. */
export class PreparedStatements {
  readonly #byId = new Map<number, readonly ResolvedStatement[]>();
  #last: number | undefined;

  /** The server has prepared a statement, or (without id) has not. */
  prepared(id: number | undefined, statements: readonly ResolvedStatement[]): void {
    this.#last = id;
    if (id === undefined) return;
    if (this.#byId.size >= most) throw new ProtocolError('too many statements are prepared');
    this.#byId.set(id, statements);
  }

  /** What a statement is about; undefined where there is none of this id. */
  find(id: number): readonly ResolvedStatement[] | undefined {
    const known = id === lastPrepared ? this.#last : id;
    return known === undefined ? undefined : this.#byId.get(known);
  }

  close(id: number): void {
    this.#byId.delete(id);
  }

  clear(): void {
    this.#byId.clear();
    this.#last = undefined;
  }
}
