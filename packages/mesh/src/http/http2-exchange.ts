import { constants, type OutgoingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import type { Duplex } from 'node:stream';
import { resetStream, wasReset } from '../hbone/reset.js';
import type { BodySink, BodySource, Exchange, RequestHead, ResponseHead } from './exchange.js';
import { type HeaderList, headersFromRaw } from './header-list.js';
import { sendTrailers, writableFields } from './http2-fields.js';

/** One HTTP/2 request and its response. */
export class Http2Exchange implements Exchange {
  readonly body: BodySource;
  #trailers: HeaderList = [];
  #over = false;
  #finished = false;
  readonly #closed: ((complete: boolean) => void)[] = [];

  constructor(
    readonly head: RequestHead,
    private readonly stream: ServerHttp2Stream,
    private readonly lingerMs: number,
  ) {
    this.body = { stream, trailers: () => this.#trailers, complete: () => !wasReset(stream) };
    stream.on('trailers', (_headers, _flags, raw?: readonly string[]) => {
      this.#trailers = headersFromRaw(raw ?? []);
    });
    stream.on('error', () => undefined);
    stream.once('finish', () => {
      this.#finished = true;
    });
    stream.once('close', () => this.#end(this.#finished && stream.rstCode === constants.NGHTTP2_NO_ERROR));
  }

  inform(head: ResponseHead): void {
    // HTTP/2 has no protocols to switch, and Node.js throws at a status that says so.
    if (head.status !== constants.HTTP_STATUS_SWITCHING_PROTOCOLS && this.#writable()) {
      this.stream.additionalHeaders(withStatus(head));
    }
  }

  respond(head: ResponseHead, bodyless: boolean): BodySink {
    const { stream } = this;
    let trailers: HeaderList = [];
    if (this.#writable()) {
      stream.on('wantTrailers', () => sendTrailers(stream, trailers));
      stream.respond(withStatus(head), { endStream: bodyless, waitForTrailers: !bodyless });
      this.#discardRest();
    }
    return {
      stream,
      finish: (list) => {
        trailers = list;
        stream.end();
      },
    };
  }

  respondWhole(head: ResponseHead, body: Buffer): void {
    const sink = this.respond(head, body.length === 0);
    if (body.length > 0) sink.stream.write(body);
    if (body.length > 0) sink.finish([]);
  }

  switchProtocols(): { readonly stream: Duplex; readonly early: Buffer } {
    throw new Error('an HTTP/2 stream has no protocol to switch');
  }

  destroy(): void {
    resetStream(this.stream);
  }

  onClose(listener: (complete: boolean) => void): void {
    if (this.#over) {
      listener(false);
    } else {
      this.#closed.push(listener);
    }
  }

  /** A response is complete while the client still sends: its rest is read away for a while, then the stream is reset without an error. */
  #discardRest(): void {
    const { stream } = this;
    stream.once('finish', () => {
      if (stream.readableEnded || stream.closed) {
        return;
      }
      stream.resume();
      const timer = setTimeout(() => stream.close(constants.NGHTTP2_NO_ERROR), this.lingerMs);
      stream.once('close', () => clearTimeout(timer));
    });
  }

  #writable(): boolean {
    return !this.stream.destroyed && !this.stream.closed && !this.stream.headersSent;
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

function withStatus(head: ResponseHead): OutgoingHttpHeaders {
  return { ...writableFields(head.headers), [constants.HTTP2_HEADER_STATUS]: head.status };
}
