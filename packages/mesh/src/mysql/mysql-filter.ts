import type { Duplex } from 'node:stream';
import type { AttachedFilter, FilteredConnection, NetworkFilter } from '../metadata/network-filter.js';
import { MysqlStream } from './mysql-stream.js';
import { StatementReader } from './sql/statement-reader.js';

/** The name of Envoy's MySQL filter, under which policies look for tables. */
const mysqlFilterName = 'envoy.filters.network.mysql_proxy';

/** Larger statements are refused; of everything else no more than a piece is held. */
const mostStatementBytes = 4 * 1024 * 1024;

/** The MySQL filter of one gate: its connections share the thread that reads statements. */
export class MysqlFilter implements NetworkFilter {
  readonly name = mysqlFilterName;
  readonly #reader = new StatementReader();
  readonly #mostStatementBytes: number;

  constructor(limits: { readonly mostStatementBytes?: number } = {}) {
    this.#mostStatementBytes = limits.mostStatementBytes ?? mostStatementBytes;
  }

  attach(client: Duplex, connection: FilteredConnection): AttachedFilter {
    const stream = new MysqlStream(client, connection, {
      read: (query, utf8) => this.#reader.read(query, utf8),
      mostStatementBytes: this.#mostStatementBytes,
    });
    return { stream, rejudge: () => stream.session.rejudge() };
  }

  close(): void {
    this.#reader.close();
  }
}
