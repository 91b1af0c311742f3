import type { Duplex } from 'node:stream';
import { resetStream } from '../hbone/reset.js';
import { endInOrder } from './end-in-order.js';
import { IncomingBody, WholeBody } from './http1-body.js';
import { type Http1Circumstances, Http1Exchange } from './http1-exchange.js';
import type { HttpLimits } from './limits.js';
import type { Framing } from './message/framing.js';
import { MessageReader } from './message/message-reader.js';
import { MessageRefusal } from './message/message-refusal.js';
import { type RequestMessage, readRequestHead } from './message/request-line.js';
import { asksForUpgrade, asksToClose, http1RequestHead } from './request-head.js';
import type { ConnectionOwner, ServedConnection } from './served-connection.js';

/**
 * Serves HTTP/1.1 on one byte stream until it closes, strictly: a message that could be read in two ways is refused and its connection
 * ends. One request at a time; what is sent ahead is read when its turn has come.
 */
export function serveHttp1(stream: Duplex, owner: ConnectionOwner, limits: HttpLimits): ServedConnection {
  return new Http1Connection(stream, owner, limits);
}

class Http1Connection implements ServedConnection {
  readonly #reader: MessageReader;
  readonly #circumstances: Http1Circumstances;
  #exchange: Http1Exchange | undefined;
  /** Of the request under way, as long as it has not come in full. */
  #body: IncomingBody | undefined;
  /** Whether the request under way is the last one here, whatever is answered. */
  #last = false;
  #draining = false;
  #detached = false;
  #advancing = false;
  #headTimer: NodeJS.Timeout | undefined;
  #idleTimer: NodeJS.Timeout | undefined;
  #lingerTimer: NodeJS.Timeout | undefined;

  constructor(
    private readonly stream: Duplex,
    private readonly owner: ConnectionOwner,
    private readonly limits: HttpLimits,
  ) {
    this.#reader = new MessageReader(limits.headerBytes);
    this.#circumstances = {
      stream,
      closing: () => this.#last || this.#draining,
      answered: (complete) => this.#answered(complete),
      detach: () => this.#detach(),
      reset: () => resetStream(stream),
    };
    stream.on('data', this.#onData);
    stream.on('end', this.#onEnd);
    stream.once('close', () => this.#closed());
    this.#rest();
  }

  drain(): void {
    this.#draining = true;
    this.#rest();
  }

  destroy(): void {
    resetStream(this.stream);
  }

  readonly #onData = (bytes: Buffer): void => {
    this.#reader.add(bytes);
    this.#advance();
  };

  /** A client that sends no more is taken for gone; what was sent to it by then still reaches it. */
  readonly #onEnd = (): void => {
    if (this.#exchange !== undefined) {
      this.#body?.breakOff();
      this.#exchange.clientEnded();
    } else if (this.#reader.waiting > 0) {
      this.#refuse(new MessageRefusal('malformed', 'the connection ended within a head'));
    }
    this.#finish();
  };

  #closed(): void {
    clearTimeout(this.#headTimer);
    clearTimeout(this.#idleTimer);
    clearTimeout(this.#lingerTimer);
    if (this.#detached) return;
    this.#body?.breakOff();
    this.#exchange?.end(false);
  }

  /** Goes as far as the bytes that are here allow. */
  #advance(): void {
    if (this.#advancing) return;
    this.#advancing = true;
    try {
      while (this.#step());
    } catch (error) {
      this.#refuse(error);
    }
    this.#advancing = false;
  }

  /** Returns whether there may be more to do. */
  #step(): boolean {
    if (this.#detached || this.stream.destroyed) return false;
    if (this.#body !== undefined) return this.#readBody(this.#body);
    if (this.#exchange === undefined) return this.#readHead();
    // Its turn has not come: whoever sends ahead is made to wait.
    if (this.#reader.waiting > 0) this.stream.pause();
    return false;
  }

  #readHead(): boolean {
    if (this.#draining) return false;
    const text = this.#reader.head();
    if (text === undefined) {
      if (this.#reader.waiting > 0) this.#headTimer ??= setTimeout(() => this.#late(), this.limits.headersTimeoutMs);
      return false;
    }
    clearTimeout(this.#headTimer);
    this.#headTimer = undefined;
    this.#begin(readRequestHead(text));
    return true;
  }

  #begin(message: RequestMessage): void {
    const head = http1RequestHead(message, this.owner.scheme, this.limits);
    const { headers, method } = message;
    this.#last = head.problem !== undefined || method === 'CONNECT' || asksForUpgrade(headers) || asksToClose(headers);
    this.#exchange = new Http1Exchange(head, this.#bodyOf(message.framing), this.#circumstances);
    this.owner.onExchange(this.#exchange);
  }

  #bodyOf(framing: Framing): WholeBody | IncomingBody {
    // Where a body of unknown encoding ends nobody can say: nothing after its head is read.
    const whole = framing.kind === 'unknown' ? Buffer.alloc(0) : this.#reader.begin(framing);
    if (whole !== undefined) return new WholeBody(whole);
    this.#body = new IncomingBody(() => this.stream.resume());
    return this.#body;
  }

  #readBody(body: IncomingBody): boolean {
    const ended = this.#reader.body((chunk) => {
      if (!body.push(chunk)) this.stream.pause();
    });
    if (!ended) return false;
    this.#body = undefined;
    body.end(this.#reader.trailers);
    if (this.stream.isPaused()) this.stream.resume();
    if (this.#exchange?.over === true) this.#next();
    return true;
  }

  /** The response is out. A body that nobody reads is read away for a while; then the connection ends, or goes on. */
  #answered(complete: boolean): void {
    if (this.#detached || this.stream.destroyed) return;
    if (!complete) {
      this.stream.destroy();
    } else if (this.#body === undefined) {
      this.#next();
    } else {
      this.#body.stream.resume();
      this.#lingerTimer = setTimeout(() => this.stream.destroy(), this.limits.lingerMs);
    }
  }

  #next(): void {
    clearTimeout(this.#lingerTimer);
    const reusable = this.#exchange?.reusable === true;
    this.#exchange = undefined;
    if (!reusable) {
      this.#finish();
      return;
    }
    this.#rest();
    if (this.stream.isPaused()) this.stream.resume();
    if (this.#reader.waiting > 0) this.#advance();
  }

  #detach(): Buffer {
    this.#detached = true;
    this.stream.off('data', this.#onData).off('end', this.#onEnd).pause();
    return this.#reader.rest();
  }

  #late(): void {
    this.#refuse(new MessageRefusal('too-slow', 'the head took too long'));
  }

  /** Nothing that follows can be trusted. An answer is given only where none is under way. */
  #refuse(error: unknown): void {
    const problem = problemOf(error);
    if (this.#exchange === undefined && this.stream.writable) {
      this.stream.write(`HTTP/1.1 ${problem.status} ${problem.text}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
      this.#finish(this.limits.lingerMs);
    } else {
      this.stream.destroy();
    }
    this.owner.onMalformed({ status: problem.status, detail: problem.detail });
  }

  /** Nothing is under way. One timer serves all the pauses of a connection. */
  #rest(): void {
    if (this.#exchange !== undefined || this.stream.destroyed) return;
    if (this.#draining) this.#finish();
    else if (this.#idleTimer !== undefined) this.#idleTimer.refresh();
    else this.#idleTimer = setTimeout(() => this.#idleFor(), this.limits.idleTimeoutMs).unref();
  }

  /** Nothing is said or read any more; a client takes what was said in its own time. */
  #finish(patienceMs = this.limits.bodyTimeoutMs): void {
    this.stream.off('data', this.#onData).off('end', this.#onEnd);
    endInOrder(this.stream, patienceMs);
  }

  #idleFor(): void {
    if (this.#exchange === undefined) this.stream.destroy();
    else this.#idleTimer?.refresh();
  }
}

function problemOf(error: unknown): { readonly status: number; readonly text: string; readonly detail: string } {
  switch (error instanceof MessageRefusal ? error.kind : undefined) {
    case 'too-large':
      return { status: 431, text: 'Request Header Fields Too Large', detail: 'request_headers_too_large' };
    case 'too-slow':
      return { status: 408, text: 'Request Timeout', detail: 'request_header_timeout' };
    default:
      return { status: 400, text: 'Bad Request', detail: 'http1.codec_error' };
  }
}
