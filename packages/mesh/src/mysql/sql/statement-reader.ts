import { Worker } from 'node:worker_threads';
import type { Reading } from './read-statements.js';
import type { ReadingReply, ReadingRequest } from './reading-worker.js';
import { SqlError } from './sql-error.js';

/** The compiled worker, for this module's source as for its compiled form. */
const workerUrl = new URL('../../../dist/mysql/sql/reading-worker.js', import.meta.url);

const defaults = { deadlineMs: 1_000, startMs: 10_000, memoryMb: 256, mostWaiting: 256 };

/** Bounds of what one gate spends on reading SQL. */
export type StatementReaderLimits = typeof defaults;

interface Job {
  readonly request: ReadingRequest;
  readonly settle: (reply: ReadingReply) => void;
}

/**
 * Reads statements in a thread of its own, one query at a time, each within a deadline. The thread starts with the first query; one that
 * takes too long or breaks is replaced, and its query is refused.
 */
export class StatementReader {
  readonly #limits: StatementReaderLimits;
  readonly #waiting: Job[] = [];
  #worker: Worker | undefined;
  #current: Job | undefined;
  #timer: NodeJS.Timeout | undefined;
  #ready = false;
  #closed = false;

  constructor(limits: Partial<StatementReaderLimits> = {}) {
    this.#limits = { ...defaults, ...limits };
  }

  /** What a query comes to. Rejects with SqlError where it is not judged. */
  async read(query: Buffer, utf8: boolean): Promise<Reading> {
    const reply = await new Promise<ReadingReply>((settle) => {
      if (this.#closed || this.#waiting.length >= this.#limits.mostWaiting) {
        settle({ refused: 'too many statements wait to be read' });
        return;
      }
      this.#waiting.push({ request: { bytes: query.toString('latin1'), utf8 }, settle });
      this.#proceed();
    });
    if ('refused' in reply) throw new SqlError(reply.refused);
    return reply.reading;
  }

  /** Ends the thread; what is being read is refused. */
  close(): void {
    this.#closed = true;
    this.#end('the gate is closing');
    for (const { settle } of this.#waiting.splice(0)) settle({ refused: 'the gate is closing' });
  }

  #proceed(): void {
    if (this.#current !== undefined || this.#closed) return;
    this.#current = this.#waiting.shift();
    if (this.#current === undefined) {
      this.#worker?.unref();
      return;
    }
    this.#worker ??= this.#start();
    this.#worker.ref();
    this.#timer = setTimeout(
      () => this.#end('the statement takes too long to read'),
      this.#ready ? this.#limits.deadlineMs : this.#limits.startMs,
    );
    this.#worker.postMessage(this.#current.request);
  }

  #start(): Worker {
    const worker = new Worker(workerUrl, { resourceLimits: { maxOldGenerationSizeMb: this.#limits.memoryMb } });
    const failed = () => {
      if (this.#worker === worker) this.#end('the statement cannot be read');
    };
    worker.on('message', (message: ReadingReply | 'ready') => this.#answered(worker, message));
    worker.once('error', failed);
    worker.once('exit', failed);
    return worker;
  }

  #answered(worker: Worker, message: ReadingReply | 'ready'): void {
    if (this.#worker !== worker) return;
    if (message === 'ready') {
      this.#ready = true;
      this.#timer?.refresh();
      return;
    }
    this.#settle(message);
    this.#proceed();
  }

  /** Gives up the thread with the query that it is at. */
  #end(refused: string): void {
    const worker = this.#worker;
    this.#worker = undefined;
    this.#ready = false;
    void worker?.terminate();
    this.#settle({ refused });
    this.#proceed();
  }

  #settle(reply: ReadingReply): void {
    clearTimeout(this.#timer);
    const job = this.#current;
    this.#current = undefined;
    job?.settle(reply);
  }
}
