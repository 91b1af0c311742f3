import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { resetStream } from '../hbone/reset.js';
import type { BodySink, BodySource, Exchange, RequestHead, ResponseHead } from './exchange.js';
import { type HeaderList, headersFromRaw, headersToRaw } from './header-list.js';

/** What an HTTP/1.1 exchange needs to know about its connection. */
export interface Http1Circumstances {
  /** Whether the connection ends after this response. */
  closing(): boolean;
  /** Bytes after the head of an upgrade request. */
  readonly early: Buffer;
  /** How long the rest of a refused body is read away, milliseconds. */
  readonly lingerMs: number;
}

/** One HTTP/1.1 request and its response. */
export class Http1Exchange implements Exchange {
  readonly body: BodySource;
  #over = false;
  #awaitsContinue: boolean;
  readonly #closed: ((complete: boolean) => void)[] = [];

  constructor(
    readonly head: RequestHead,
    private readonly request: IncomingMessage,
    private readonly response: ServerResponse,
    private readonly stream: Duplex,
    private readonly circumstances: Http1Circumstances,
  ) {
    this.body = { stream: request, trailers: () => headersFromRaw(request.rawTrailers), complete: () => request.complete };
    this.#awaitsContinue = head.expectsContinue;
    response.once('close', () => this.#end(response.writableFinished));
    // A client that goes away shows as `close`; the error itself says nothing more.
    request.on('error', () => undefined);
    response.on('error', () => undefined);
  }

  inform(head: ResponseHead): void {
    if (head.status === 100) {
      this.#awaitsContinue = false;
      this.response.writeContinue();
    }
  }

  respond(head: ResponseHead, bodyless: boolean): BodySink {
    const { response } = this;
    response.writeHead(head.status, headersToRaw([...head.headers, ...this.#connectionHeader()]));
    if (bodyless) {
      response.end();
    } else {
      response.flushHeaders();
    }
    this.#discardRest();
    return {
      stream: response,
      finish: (trailers) => {
        if (trailers.length > 0) {
          response.addTrailers(trailers.map(([name, value]) => [name, value] as [string, string]));
        }
        response.end();
      },
    };
  }

  switchProtocols(head: ResponseHead): { readonly stream: Duplex; readonly early: Buffer } {
    this.response.detachSocket(this.stream as never);
    this.stream.once('close', () => this.#end(true));
    this.stream.write(statusLineAndHeaders(head), 'latin1');
    return { stream: this.stream, early: this.circumstances.early };
  }

  destroy(): void {
    resetStream(this.stream);
    this.#end(false);
  }

  onClose(listener: (complete: boolean) => void): void {
    if (this.#over) {
      listener(false);
    } else {
      this.#closed.push(listener);
    }
  }

  // A client that was not told to continue may send its next request where the body would be; the connection cannot be used again.
  #connectionHeader(): HeaderList {
    return this.circumstances.closing() || this.#awaitsContinue ? [['connection', 'close']] : [];
  }

  /** Once the response is complete, the body that nobody reads is read away for a while, then the connection ends. */
  #discardRest(): void {
    this.response.once('finish', () => {
      if (this.request.complete || this.stream.destroyed) {
        return;
      }
      this.request.resume();
      const timer = setTimeout(() => this.stream.destroy(), this.circumstances.lingerMs);
      this.request.once('end', () => clearTimeout(timer));
      this.stream.once('close', () => clearTimeout(timer));
    });
  }

  #end(complete: boolean): void {
    if (!this.#over) {
      this.#over = true;
      for (const listener of this.#closed) {
        listener(complete);
      }
    }
  }
}

function statusLineAndHeaders(head: ResponseHead): string {
  const lines = head.headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return `HTTP/1.1 ${head.status} ${STATUS_CODES[head.status] ?? ''}\r\n${lines}\r\n`;
}
