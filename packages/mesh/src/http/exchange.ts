import type { Duplex, Readable, Writable } from 'node:stream';
import type { RequestAttributes } from '@sallyport/policy';
import type { HeaderList } from './header-list.js';

/** Where a body goes: bytes to `stream`, then exactly one `finish`. */
export interface BodySink {
  readonly stream: Writable;
  /** Ends the body; trailers that the protocol cannot carry are dropped. */
  finish(trailers: HeaderList): void;
}

/** A body with what follows it. */
export interface BodySource {
  readonly stream: Readable;
  /** All of it, where it had come when the head was read, and no trailers with it: then no stream is needed. */
  readonly whole?: Buffer;
  /** Valid once `stream` has ended. */
  trailers(): HeaderList;
  /** Whether an ended `stream` ended where the sender meant it to: Node ends a stream that was reset just the same. */
  complete(): boolean;
}

/** Why a request is unacceptable as a message, before anyone asks a policy. */
export interface MessageProblem {
  readonly status: number;
  /** The word for it in the access log. */
  readonly detail: string;
}

/** What a client asked for. */
export interface RequestHead {
  readonly attributes: RequestAttributes;
  /** Whether a body may follow; without one the request is already complete. */
  readonly hasBody: boolean;
  readonly expectsContinue: boolean;
  /** Value of `upgrade` where this request wants the connection for another protocol. */
  readonly upgrade?: string;
  /** Set where the message itself is refused. */
  readonly problem?: MessageProblem;
}

/** Status and headers of a response. */
export interface ResponseHead {
  readonly status: number;
  readonly headers: HeaderList;
}

/**
 * One request on a client's connection with the means to answer it, the same for HTTP/1.1 and HTTP/2. Exactly one of `respond`,
 * `respondWhole`, `switchProtocols` and `destroy` begins its end.
 */
export interface Exchange {
  readonly head: RequestHead;
  readonly body: BodySource;
  /** Passes on an informational response (100, 103). */
  inform(head: ResponseHead): void;
  /** Sends status and headers; with `bodyless` the response is complete, and the sink must not be used. */
  respond(head: ResponseHead, bodyless: boolean): BodySink;
  /** Sends a whole response at once; a body of another length than its head declares is a mistake, and throws. */
  respondWhole(head: ResponseHead, body: Buffer): void;
  /** Answers an upgrade with 101 and hands over the client's byte stream. Only where `head.upgrade` is set. */
  switchProtocols(head: ResponseHead): { readonly stream: Duplex; readonly early: Buffer };
  /** Ends the exchange at once: HTTP/1.1 closes the connection, HTTP/2 resets the stream. */
  destroy(): void;
  /** Calls back once, when the exchange is over: `complete` means that the response was sent in full. */
  onClose(listener: (complete: boolean) => void): void;
}
