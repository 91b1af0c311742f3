import { parentPort } from 'node:worker_threads';
import { init, parse } from '@guanmingchiu/sqlparser-ts';
import { type Reading, readStatements } from './read-statements.js';
import { SqlError } from './sql-error.js';

/** A query to read; one is asked for at a time. */
export interface ReadingRequest {
  readonly bytes: string;
  readonly utf8: boolean;
}

/** What the worker answers; it ends itself by an uncaught error where the parser broke. */
export type ReadingReply = { readonly reading: Reading } | { readonly refused: string };

// The parser is machine code in a memory of its own: it may take too long, or break and be unusable from then on. Here, both end this
// thread and nothing else.
await init();
parentPort?.on('message', ({ bytes, utf8 }: ReadingRequest) => parentPort?.postMessage(answer(bytes, utf8)));
parentPort?.postMessage('ready');

function answer(bytes: string, utf8: boolean): ReadingReply {
  try {
    return { reading: readStatements(bytes, utf8, (sql) => parse(sql, 'mysql')) };
  } catch (error) {
    if (error instanceof SqlError) return { refused: error.message };
    throw error;
  }
}
