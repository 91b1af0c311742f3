import { capability, has } from './capabilities.js';
import { Cursor } from './cursor.js';
import type { PacketHead } from './packet-framer.js';
import { ProtocolError } from './protocol-error.js';

/** What kind of answer a command gets. */
export type ResponseKind = 'status' | 'text' | 'result' | 'prepared' | 'rows';

/** How a command was answered. */
export interface ResponseOutcome {
  readonly ok: boolean;
  /** The id of a statement that was prepared. */
  readonly statement?: number;
}

/** What a packet means for the answer that it belongs to. */
export type Progress = ResponseOutcome | 'more' | 'file';

const status = { cursorExists: 0x40, moreResults: 0x08, noBackslashEscapes: 0x200 } as const;

/** Follows one answer of the server packet by packet, to know where it ends. */
export class Response {
  #columns = 0;
  #expects: 'head' | 'columns' | 'columns-end' | 'rows' | 'parameters' | 'parameters-end' | 'text' | 'status';
  #later = 0;
  #statement: number | undefined;

  constructor(
    private readonly kind: ResponseKind,
    private readonly capabilities: number,
  ) {
    this.#expects = kind === 'text' ? 'text' : kind === 'status' ? 'status' : kind === 'rows' ? 'rows' : 'head';
  }

  /** Takes the next packet. Throws ProtocolError for one that no such answer has. */
  packet({ head, length }: PacketHead): Progress {
    const [first] = head;
    if (this.#expects === 'text') return { ok: true };
    if (first === 0xff && this.#expects !== 'columns' && this.#expects !== 'parameters') return { ok: false };
    switch (this.#expects) {
      case 'status':
        return this.#status(head, length);
      case 'head':
        return this.kind === 'prepared' ? this.#prepared(head) : this.#resultHead(head);
      case 'columns':
      case 'parameters':
        return this.#column();
      case 'columns-end':
      case 'parameters-end':
        return this.#columnsEnd(head, length);
      case 'rows':
        return this.#row(head, length);
    }
  }

  /** The client has sent the file that was asked for. */
  fileSent(): void {
    this.#expects = 'status';
  }

  #status(head: Buffer, length: number): Progress {
    if (head[0] === 0xfe && length < 9) return this.#finish(statusOfEnd(head));
    if (head[0] !== 0x00 && head[0] !== 0xfe) throw new ProtocolError('the server answers out of turn');
    return this.#finish(statusOf(head));
  }

  #resultHead(head: Buffer): Progress {
    if (head[0] === 0x00) return this.#finish(statusOf(head));
    if (head[0] === 0xfb) return 'file';
    this.#columns = new Cursor(head).lengthEncoded();
    if (this.#columns === 0) throw new ProtocolError('a result has no columns');
    this.#expects = 'columns';
    return 'more';
  }

  #prepared(head: Buffer): Progress {
    const cursor = new Cursor(head);
    if (cursor.integer(1) !== 0) throw new ProtocolError('the server answers out of turn');
    this.#statement = cursor.integer(4);
    this.#later = cursor.integer(2);
    this.#columns = cursor.integer(2);
    if (this.#columns === 0) return this.#describedColumns();
    this.#expects = 'parameters';
    return 'more';
  }

  /** Of a prepared statement, its parameters are described first, then its columns. */
  #describedColumns(): Progress {
    this.#columns = this.#later;
    this.#later = 0;
    if (this.#columns === 0) return { ok: true, ...(this.#statement === undefined ? {} : { statement: this.#statement }) };
    this.#expects = 'columns';
    return 'more';
  }

  #column(): Progress {
    this.#columns -= 1;
    if (this.#columns > 0) return 'more';
    if (!has(this.capabilities, capability.deprecateEof)) {
      this.#expects = this.#expects === 'columns' ? 'columns-end' : 'parameters-end';
      return 'more';
    }
    return this.#definitionsDone();
  }

  #columnsEnd(head: Buffer, length: number): Progress {
    if (head[0] !== 0xfe || length >= 9) throw new ProtocolError('the columns of a result do not end');
    const flags = statusOfEnd(head);
    if (this.kind === 'result' && (flags & status.cursorExists) !== 0) return this.#finish(flags);
    return this.#definitionsDone();
  }

  #definitionsDone(): Progress {
    if (this.kind === 'prepared') return this.#describedColumns();
    this.#expects = 'rows';
    return 'more';
  }

  #row(head: Buffer, length: number): Progress {
    if (head[0] !== 0xfe) return 'more';
    if (length < 9 && !has(this.capabilities, capability.deprecateEof)) return this.#finish(statusOfEnd(head));
    if (!has(this.capabilities, capability.deprecateEof) || length >= 0xff_ff_ff) return 'more';
    return this.#finish(length === 5 ? statusOfEnd(head) : statusOf(head));
  }

  #finish(flags: number): Progress {
    if ((flags & status.noBackslashEscapes) !== 0) throw modeError();
    if ((flags & status.moreResults) === 0) return { ok: true };
    this.#expects = 'head';
    return 'more';
  }
}

/** The status flags of an OK packet, whatever byte it begins with. */
export function statusOf(head: Buffer): number {
  const cursor = new Cursor(head);
  cursor.take(1);
  cursor.lengthEncoded();
  cursor.lengthEncoded();
  return cursor.integer(2);
}

/** Refuses a server whose texts end elsewhere than ours. */
export function checkMode(flags: number): void {
  if ((flags & status.noBackslashEscapes) !== 0) throw modeError();
}

function statusOfEnd(head: Buffer): number {
  const cursor = new Cursor(head);
  cursor.take(1 + 2);
  return cursor.integer(2);
}

function modeError(): ProtocolError {
  return new ProtocolError('the server reads backslashes otherwise than in its default mode');
}
