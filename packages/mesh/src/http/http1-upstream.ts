import { Agent, type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { wasReset } from '../hbone/reset.js';
import type { ResponseHead } from './exchange.js';
import { type Header, headersFromRaw, headersToRaw } from './header-list.js';
import { steadyStream } from './steady-stream.js';
import {
  type UpstreamCall,
  type UpstreamConnection,
  UpstreamError,
  type UpstreamRequest,
  type UpstreamResponse,
} from './upstream.js';

/** Hands Node's client the one byte stream that this connection is, again and again as long as it stays open. */
class OneStreamAgent extends Agent {
  #given = false;

  constructor(private readonly stream: Duplex) {
    super({ keepAlive: true, maxSockets: 1, maxFreeSockets: 1 });
  }

  override createConnection(): Duplex {
    if (this.#given) {
      throw new UpstreamError('UC', 503, 'the kept connection closed');
    }
    this.#given = true;
    return this.stream;
  }

  // What Node does here needs a socket; a byte stream has no keep-alive probes of its own and is not counted.
  override keepSocketAlive(): boolean {
    return true;
  }
}

/** An HTTP/1.1 connection to an application: one request at a time. */
export class Http1Upstream implements UpstreamConnection {
  readonly #agent: OneStreamAgent;
  #busy = false;
  #retired = false;
  readonly #stream: Duplex;
  #onIdle: () => void = () => undefined;

  constructor(
    stream: Duplex,
    private readonly headerBytes: number,
  ) {
    this.#stream = steadyStream(stream);
    this.#agent = new OneStreamAgent(this.#stream);
    this.#stream.on('error', () => undefined);
    // The other side's end means that no request will be answered any more, also where our half could still be written.
    this.#stream.once('end', () => this.retire());
  }

  usable(): boolean {
    return !this.#busy && !this.#retired && !this.#stream.destroyed && this.#stream.writable;
  }

  idle(): boolean {
    return !this.#busy;
  }

  onIdle(listener: () => void): void {
    this.#onIdle = listener;
  }

  request(request: UpstreamRequest): UpstreamCall {
    // Node's client writes methods in upper case, which would not be the method that was judged.
    if (request.method !== request.method.toUpperCase()) {
      throw new UpstreamError('refused', 400, 'the application speaks HTTP/1.1, which has no lower-case methods');
    }
    let call: ClientRequest;
    try {
      call = httpRequest({
        agent: this.#agent,
        method: request.method,
        path: request.path,
        headers: headersToRaw(http1Headers(request)) as never,
        setHost: false,
        insecureHTTPParser: false,
        maxHeaderSize: this.headerBytes,
      });
    } catch (cause) {
      throw new UpstreamError('refused', 400, 'the request cannot be written as HTTP/1.1', { cause });
    }
    this.#busy = true;
    // No limit, as Node would drop what is beyond it without a word.
    call.maxHeadersCount = 0;
    const wrapped = new Http1Call(call, this.#stream, () => this.destroy());
    // Node hands the stream back right after `close`, in the same turn.
    call.once('close', () => process.nextTick(() => this.#released(wrapped)));
    call.flushHeaders();
    return wrapped;
  }

  retire(): void {
    this.#retired = true;
    if (!this.#busy) {
      this.destroy();
    }
  }

  destroy(): void {
    this.#retired = true;
    this.#agent.destroy();
    this.#stream.destroy();
  }

  #released(call: Http1Call): void {
    if (call.upgraded) {
      return;
    }
    this.#busy = false;
    const kept = Object.values(this.#agent.freeSockets).some((sockets) => (sockets?.length ?? 0) > 0);
    if (!kept || this.#retired) {
      this.destroy();
    }
    this.#onIdle();
  }
}

class Http1Call implements UpstreamCall {
  readonly body;
  readonly response: Promise<UpstreamResponse>;
  /** Whether the connection was handed over to another protocol. */
  upgraded = false;

  constructor(
    private readonly call: ClientRequest,
    connection: Duplex,
    private readonly close: () => void,
  ) {
    this.body = {
      stream: call,
      finish: (trailers: readonly Header[]) => {
        if (trailers.length > 0) {
          call.addTrailers(trailers.map(([name, value]) => [name, value] as [string, string]));
        }
        call.end();
      },
    };
    this.response = new Promise((resolve, reject) => {
      call.once('response', (message) => resolve(responseOf(message, connection)));
      call.once('upgrade', (message, stream, early) => {
        this.upgraded = true;
        resolve({ kind: 'upgrade', head: headOf(message), stream, early });
      });
      call.on('error', (cause: Error & { code?: string }) => reject(failureOf(cause)));
      const closed = () => reject(new UpstreamError('UC', 503, 'the application closed the connection before its response'));
      call.once('close', closed);
      call.once('response', () => call.off('close', closed));
    });
    this.response.catch(() => undefined);
  }

  onInform(listener: (head: ResponseHead) => void): void {
    this.call.on('continue', () => listener({ status: 100, headers: [] }));
    this.call.on('information', (info) => {
      if (info.statusCode !== 100) {
        listener({ status: info.statusCode, headers: headersFromRaw(info.rawHeaders) });
      }
    });
  }

  destroy(): void {
    this.call.destroy();
    this.close();
  }
}

/** Methods to which Node adds no framing of its own where there is no body. */
const bodyless = ['GET', 'HEAD', 'DELETE', 'OPTIONS', 'TRACE'];

function http1Headers(request: UpstreamRequest): Header[] {
  const headers: Header[] = [['host', request.authority], ...request.headers];
  if (request.upgrade !== undefined) {
    return [...headers, ['connection', 'upgrade'], ['upgrade', request.upgrade]];
  }
  const length = headers.some(([name]) => name === 'content-length');
  if (!length && request.hasBody) {
    headers.push(['transfer-encoding', 'chunked']);
  } else if (!length && !bodyless.includes(request.method)) {
    headers.push(['content-length', '0']);
  }
  return [...headers, ['connection', 'keep-alive']];
}

function responseOf(message: IncomingMessage, connection: Duplex): UpstreamResponse {
  message.on('error', () => undefined);
  // A body without a length ends with its connection; one that was reset is no such end.
  const complete = () => message.complete && !wasReset(connection);
  return {
    kind: 'response',
    head: headOf(message),
    body: { stream: message, trailers: () => headersFromRaw(message.rawTrailers), complete },
  };
}

function headOf(message: IncomingMessage): ResponseHead {
  return { status: message.statusCode ?? 0, headers: headersFromRaw(message.rawHeaders) };
}

function failureOf(cause: Error & { code?: string }): UpstreamError {
  if (cause instanceof UpstreamError) {
    return cause;
  }
  return cause.code?.startsWith('HPE_')
    ? new UpstreamError('UPE', 502, 'the application did not answer in HTTP/1.1', { cause })
    : new UpstreamError('UC', 503, 'the connection to the application broke before its response', { cause });
}
