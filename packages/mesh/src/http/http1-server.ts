import { createServer, type IncomingMessage, type Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { resetStream } from '../hbone/reset.js';
import { Http1Exchange } from './http1-exchange.js';
import type { HttpLimits } from './limits.js';
import { http1RequestHead } from './request-head.js';
import type { ConnectionOwner, ServedConnection } from './served-connection.js';

const none = Buffer.alloc(0);

/** Serves HTTP/1.1 on any number of byte streams, with Node's strict parser: an ambiguous message is refused and its connection ends. */
export class Http1Server {
  readonly #server: Server;
  readonly #connections = new WeakMap<Duplex, Http1Connection>();

  constructor(private readonly limits: HttpLimits) {
    this.#server = createServer({
      insecureHTTPParser: false,
      maxHeaderSize: limits.headerBytes,
      // Host is judged by `http1RequestHead`, so that the refusal is logged as well.
      requireHostHeader: false,
      headersTimeout: limits.headersTimeoutMs,
      requestTimeout: 0,
      // Idle connections are ended by Http1Connection: Node's own timer needs more than a byte stream.
      keepAliveTimeout: 0,
      connectionsCheckingInterval: Math.min(1_000, limits.headersTimeoutMs),
    });
    // Node drops header lines beyond a count without a word, framing headers among them; `http1RequestHead` counts instead.
    this.#server.maxHeadersCount = 0;
    this.#server.on('request', (request, response) => this.#of(request)?.exchange(request, response, none));
    this.#server.on('checkContinue', (request, response) => this.#of(request)?.exchange(request, response, none));
    this.#server.on('checkExpectation', (request, response) => this.#of(request)?.exchange(request, response, none));
    this.#server.on('upgrade', (request, _stream, early) => this.#of(request)?.detached(request, early));
    this.#server.on('connect', (request, _stream, early) => this.#of(request)?.detached(request, early));
    this.#server.on('clientError', (error, stream) => this.#connections.get(stream)?.malformed(error));
    // Node checks header deadlines from `listening` on; this server is handed its connections and never listens.
    this.#server.emit('listening');
  }

  /** Serves one connection until it closes. */
  serve(stream: Duplex, owner: ConnectionOwner): ServedConnection {
    const connection = new Http1Connection(stream, owner, this.limits);
    this.#connections.set(stream, connection);
    this.#server.emit('connection', stream);
    return connection;
  }

  /** Stops the header deadlines; connections must be closed by whoever gave them. */
  close(): void {
    this.#server.close();
  }

  #of(request: IncomingMessage): Http1Connection | undefined {
    return this.#connections.get(request.socket);
  }
}

class Http1Connection implements ServedConnection {
  #active = 0;
  /** Requests that came while an earlier one is under way: answered in turn, and nothing further is read before that. */
  readonly #waiting: Http1Exchange[] = [];
  #draining = false;
  #idle: NodeJS.Timeout | undefined;

  constructor(
    private readonly stream: Duplex,
    private readonly owner: ConnectionOwner,
    private readonly limits: HttpLimits,
  ) {
    stream.once('close', () => clearTimeout(this.#idle));
    this.#rest();
  }

  exchange(request: IncomingMessage, response: ServerResponse, early: Buffer, last = false): void {
    const message = {
      method: request.method ?? '',
      target: request.url ?? '',
      version: request.httpVersion,
      rawHeaders: request.rawHeaders,
    };
    const head = http1RequestHead(message, this.owner.scheme, this.limits);
    const closing = () => last || this.#draining || head.problem !== undefined;
    const exchange = new Http1Exchange(head, request, response, this.stream, { closing, early, lingerMs: this.limits.lingerMs });
    if (this.#active > 0) {
      this.#waiting.push(exchange);
      this.stream.pause();
    } else {
      this.#begin(exchange);
    }
  }

  /** A request after which Node's parser let go of the connection: whatever the answer, it is the last one here. */
  detached(request: IncomingMessage, early: Buffer): void {
    const response = new ServerResponse(request);
    response.assignSocket(this.stream as never);
    response.once('finish', () => endStream(this.stream));
    // The parser took its error listener along.
    this.stream.on('error', () => undefined);
    this.exchange(request, response, early, true);
  }

  malformed(error: Error & { code?: string }): void {
    const problem = problemOf(error.code ?? '');
    if (problem !== undefined && this.#active === 0 && this.stream.writable) {
      this.stream.write(`HTTP/1.1 ${problem.status} ${problem.text}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
      endStream(this.stream);
    } else {
      this.stream.destroy();
    }
    if (problem !== undefined) {
      this.owner.onMalformed({ status: problem.status, detail: problem.detail });
    }
  }

  drain(): void {
    this.#draining = true;
    this.#rest();
  }

  destroy(): void {
    resetStream(this.stream);
  }

  #begin(exchange: Http1Exchange): void {
    this.#active += 1;
    clearTimeout(this.#idle);
    exchange.onClose(() => {
      this.#active -= 1;
      this.#next();
    });
    this.owner.onExchange(exchange);
  }

  #next(): void {
    const next = this.stream.destroyed ? undefined : this.#waiting.shift();
    if (next === undefined) {
      this.#rest();
      return;
    }
    if (this.#waiting.length === 0) {
      this.stream.resume();
    }
    this.#begin(next);
  }

  #rest(): void {
    if (this.#active > 0 || this.stream.destroyed) {
      return;
    }
    clearTimeout(this.#idle);
    if (this.#draining) {
      endStream(this.stream);
      return;
    }
    this.#idle = setTimeout(() => this.stream.destroy(), this.limits.idleTimeoutMs);
    this.#idle.unref();
  }
}

function endStream(stream: Duplex): void {
  stream.end(() => stream.destroy());
}

function problemOf(code: string): { readonly status: number; readonly text: string; readonly detail: string } | undefined {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return { status: 431, text: 'Request Header Fields Too Large', detail: 'request_headers_too_large' };
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return { status: 408, text: 'Request Timeout', detail: 'request_header_timeout' };
    default:
      return code.startsWith('HPE_') ? { status: 400, text: 'Bad Request', detail: 'http1.codec_error' } : undefined;
  }
}
