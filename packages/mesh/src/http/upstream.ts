import type { Duplex } from 'node:stream';
import type { BodySink, BodySource, ResponseHead } from './exchange.js';
import type { HeaderList } from './header-list.js';

/** A request as it goes on to an application. */
export interface UpstreamRequest {
  readonly method: string;
  /** The path that was judged, with its query. */
  readonly path: string;
  readonly authority: string;
  readonly scheme: string;
  /** Without framing headers, except a client's own `content-length`. */
  readonly headers: HeaderList;
  readonly hasBody: boolean;
  readonly expectsContinue: boolean;
  readonly upgrade?: string;
}

/** What came back: a response, or the byte stream of an upgraded connection. */
export type UpstreamResponse =
  | { readonly kind: 'response'; readonly head: ResponseHead; readonly body: BodySource }
  | { readonly kind: 'upgrade'; readonly head: ResponseHead; readonly stream: Duplex; readonly early: Buffer };

/** Who waits for what comes back on a call: one of `answered` and `failed`, once, and nothing after it. Must not throw. */
export interface CallListener {
  /** An informational response (1xx) has come. */
  informed(head: ResponseHead): void;
  answered(response: UpstreamResponse): void;
  failed(error: UpstreamError): void;
}

/** One request under way to an application. */
export interface UpstreamCall {
  /** Takes the body; undefined where the whole request has been sent. */
  readonly body: BodySink | undefined;
  /** Names the one listener, who is told at once where it is known already what comes back. */
  listen(listener: CallListener): void;
  /** Gives up: HTTP/1.1 closes the connection, HTTP/2 resets the stream. */
  destroy(): void;
}

/** A connection to an application that takes requests. */
export interface UpstreamConnection {
  /** Whether a further request can be sent now. */
  usable(): boolean;
  /** Whether no request is under way. */
  idle(): boolean;
  /** Sends a request, with `whole` as its body where that is here. Throws UpstreamError with flag `refused` where the protocol cannot carry it. */
  request(request: UpstreamRequest, whole?: Buffer): UpstreamCall;
  /** Takes no further request, and ends in order as soon as none is under way. */
  retire(): void;
  /** Ends now: in order where no request is under way, else cut off. */
  destroy(): void;
  onIdle(listener: () => void): void;
}

/**
 * How the onward side failed, with Envoy's response flag for it: UF no connection, UO too many are being opened, UC it broke, UH no endpoint, UT too slow, NR no route,
 * UPE the answer is no HTTP. `refused`: the request cannot be expressed in the application's protocol.
 */
export type UpstreamFlag = 'UF' | 'UO' | 'UC' | 'UH' | 'UT' | 'NR' | 'UPE' | 'refused';

/** The onward side failed; `status` is what the client is told. */
export class UpstreamError extends Error {
  override readonly name = 'UpstreamError';
  constructor(
    readonly flag: UpstreamFlag,
    readonly status: number,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
