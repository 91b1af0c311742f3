import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2';
import type { Duplex } from 'node:stream';
import { resetStream, wasReset } from '../hbone/reset.js';
import { sessionMemoryMegabytes } from '../hbone/settings.js';
import { CallOutcome } from './call-outcome.js';
import { cutLater } from './end-in-order.js';
import type { BodySink, ResponseHead } from './exchange.js';
import { type HeaderList, headersFromRaw, headersToObject } from './header-list.js';
import { sendTrailers } from './http2-fields.js';
import { GivenUpWatch } from './http2-given-up.js';
import { transportFor } from './http2-transport.js';
import type { HttpLimits } from './limits.js';
import {
  type CallListener,
  type UpstreamCall,
  type UpstreamConnection,
  UpstreamError,
  type UpstreamRequest,
} from './upstream.js';

/** An HTTP/2 connection to an application: up to `maxStreams` requests at once. */
export class Http2Upstream implements UpstreamConnection {
  readonly #session: ClientHttp2Session;
  readonly #givenUp: GivenUpWatch;
  /** While requests are open: looks time and again whether answers are still read. */
  #watch: NodeJS.Timeout | undefined;
  #open = 0;
  #retired = false;
  #ending = false;
  #onIdle: () => void = () => undefined;

  constructor(
    private readonly stream: Duplex,
    private readonly limits: HttpLimits,
  ) {
    stream.on('error', () => undefined);
    const transport = transportFor(stream, limits.lingerMs);
    this.#session = connect('http://upstream.invalid', {
      createConnection: () => transport as never,
      settings: { enablePush: false },
      maxSessionMemory: sessionMemoryMegabytes,
    });
    this.#givenUp = new GivenUpWatch(this.#session, transport, limits.bodyTimeoutMs);
    this.#session.on('error', () => this.retire());
    this.#session.once('goaway', () => this.retire());
    this.#session.once('close', () => this.#cut());
    stream.once('close', () => this.#cut());
  }

  usable(): boolean {
    const { upstreamStreams } = this.limits;
    const granted = this.#session.remoteSettings?.maxConcurrentStreams ?? upstreamStreams;
    return !this.#retired && !this.#session.closed && !this.#session.destroyed && this.#open < Math.min(granted, upstreamStreams);
  }

  idle(): boolean {
    return this.#open === 0;
  }

  onIdle(listener: () => void): void {
    this.#onIdle = listener;
  }

  request(request: UpstreamRequest, whole?: Buffer): UpstreamCall {
    let stream: ClientHttp2Stream;
    try {
      stream = this.#session.request(http2Headers(request), { endStream: !request.hasBody, waitForTrailers: request.hasBody });
    } catch (cause) {
      if (this.#session.closed || this.#session.destroyed) {
        throw new UpstreamError('UC', 503, 'the connection to the application closed', { cause });
      }
      throw new UpstreamError('refused', 400, 'the request cannot be written as HTTP/2', { cause });
    }
    this.#open += 1;
    this.#watch ??= setInterval(() => this.#givenUp.look(false), this.limits.restMs).unref();
    stream.once('close', () => this.#released());
    const call = new Http2Call(stream, request.hasBody && whole === undefined);
    if (request.hasBody && whole !== undefined) stream.end(whole);
    return call;
  }

  retire(): void {
    this.#retired = true;
    if (this.#open > 0 || this.#ending) return;
    this.#ending = true;
    cutLater(this.stream, this.limits.lingerMs);
    this.#session.close();
  }

  destroy(): void {
    if (this.#open === 0) this.retire();
    else this.#cut();
  }

  #lookNoMore(): void {
    clearInterval(this.#watch);
    this.#watch = undefined;
    this.#givenUp.stop();
  }

  #cut(): void {
    this.#retired = true;
    this.#lookNoMore();
    this.#session.destroy();
    this.stream.destroy();
  }

  #released(): void {
    this.#open -= 1;
    if (this.#open > 0) return;
    this.#lookNoMore();
    if (this.#retired) this.retire();
    this.#onIdle();
  }
}

class Http2Call implements UpstreamCall {
  readonly body: BodySink | undefined;
  readonly #outcome = new CallOutcome();
  #requestTrailers: HeaderList = [];

  constructor(
    private readonly stream: ClientHttp2Stream,
    takesBody: boolean,
  ) {
    const finish = (trailers: HeaderList): void => {
      this.#requestTrailers = trailers;
      stream.end();
    };
    this.body = takesBody ? { stream, finish } : undefined;
    stream.on('wantTrailers', () => sendTrailers(stream, this.#requestTrailers));
    let responseTrailers: HeaderList = [];
    stream.on('trailers', (_headers: unknown, _flags: unknown, raw?: readonly string[]) => {
      responseTrailers = headersFromRaw(raw ?? []);
    });
    const outcome = this.#outcome;
    stream.on('headers', (headers: object, _flags: number, raw?: readonly string[]) => outcome.inform(headOf(headers, raw)));
    stream.once('response', (headers: object, _flags: number, raw?: readonly string[]) => {
      const body = { stream, trailers: () => responseTrailers, complete: () => !wasReset(stream) };
      outcome.answer({ kind: 'response', head: headOf(headers, raw), body });
    });
    stream.on('error', (cause) => outcome.fail(new UpstreamError('UC', 503, 'the application reset the request', { cause })));
    stream.once('close', () =>
      outcome.fail(new UpstreamError('UC', 503, 'the application closed the request before its response')),
    );
  }

  listen(listener: CallListener): void {
    this.#outcome.listen(listener);
  }

  destroy(): void {
    resetStream(this.stream);
  }
}

function http2Headers(request: UpstreamRequest): Record<string, string | string[]> {
  return {
    ':method': request.method,
    ':path': request.path,
    ':scheme': request.scheme,
    ':authority': request.authority,
    ...headersToObject(request.headers),
  };
}

function headOf(headers: object, raw: readonly string[] | undefined): ResponseHead {
  return { status: (headers as { ':status'?: number })[':status'] ?? 0, headers: headersFromRaw(raw ?? []) };
}
