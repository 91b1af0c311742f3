import type { Duplex } from 'node:stream';
import { wasReset } from '../hbone/reset.js';
import { CallOutcome } from './call-outcome.js';
import { endInOrder } from './end-in-order.js';
import type { BodySink, ResponseHead } from './exchange.js';
import { firstHeader, type Header } from './header-list.js';
import { IncomingBody, WholeBody } from './http1-body.js';
import type { HttpLimits } from './limits.js';
import { type Framing, requestFraming, responseFraming } from './message/framing.js';
import { MessageReader } from './message/message-reader.js';
import { MessageRefusal, malformed } from './message/message-refusal.js';
import { type ResponseMessage, readResponseHead } from './message/status-line.js';
import { writeRequestHead } from './message/write-head.js';
import { MessageWriter } from './message-writer.js';
import {
  type CallListener,
  type UpstreamCall,
  type UpstreamConnection,
  UpstreamError,
  type UpstreamRequest,
} from './upstream.js';

/** An HTTP/1.1 connection to an application: one request at a time. */
export class Http1Upstream implements UpstreamConnection {
  readonly #reader: MessageReader;
  #call: Http1Call | undefined;
  #body: IncomingBody | undefined;
  #framing: Framing = { kind: 'none' };
  #persistent = true;
  #retired = false;
  #onIdle: () => void = () => undefined;

  constructor(
    private readonly stream: Duplex,
    private readonly limits: HttpLimits,
  ) {
    this.#reader = new MessageReader(limits.headerBytes);
    stream.on('error', () => undefined);
    stream.on('data', this.#onData);
    stream.on('end', this.#onEnd);
    stream.once('close', () => this.#closed());
  }

  usable(): boolean {
    return this.#call === undefined && !this.#retired && !this.stream.destroyed && this.stream.writable;
  }

  idle(): boolean {
    return this.#call === undefined;
  }

  onIdle(listener: () => void): void {
    this.#onIdle = listener;
  }

  request(request: UpstreamRequest, whole?: Buffer): UpstreamCall {
    // A method in lower case is none of HTTP/1.1, and in upper case it would not be the one that was judged.
    if (request.method !== request.method.toUpperCase()) {
      throw new UpstreamError('refused', 400, 'the application speaks HTTP/1.1, which has no lower-case methods');
    }
    const { framing, head } = headOf(request, whole);
    const call = new Http1Call(request, this.#ways);
    this.#persistent = true;
    this.#call = call;
    if (this.stream.destroyed) call.outcome.fail(closedError());
    else call.send(new MessageWriter(this.stream, head), framing, whole);
    return call;
  }

  retire(): void {
    this.#retired = true;
    if (this.#call === undefined) endInOrder(this.stream, this.limits.lingerMs);
  }

  destroy(): void {
    if (this.#call === undefined) this.retire();
    else this.#cut();
  }

  #cut(): void {
    this.#retired = true;
    this.stream.destroy();
  }

  readonly #ways = {
    settled: (): void => this.#settled(),
    // A call that is over has no part in what its connection does for others.
    close: (call: Http1Call): void => {
      if (this.#call === call) this.#cut();
    },
  };

  readonly #onData = (bytes: Buffer): void => {
    this.#reader.add(bytes);
    try {
      while (this.#step());
    } catch (cause) {
      this.#call?.outcome.fail(new UpstreamError('UPE', 502, 'the application did not answer in HTTP/1.1', { cause }));
      this.#cut();
    }
  };

  // The other side's end means that no request will be answered any more, also where our half could still be written.
  readonly #onEnd = (): void => {
    if (this.#body !== undefined && this.#framing.kind === 'until-close' && !wasReset(this.stream)) this.#ended(this.#body);
    this.#endUnanswered();
    this.destroy();
  };

  #closed(): void {
    this.#retired = true;
    this.#body?.breakOff();
    this.#call?.outcome.fail(closedError());
    this.#call?.body?.stream.destroy();
  }

  /** What came before the end was no response, or the beginning of one. */
  #endUnanswered(): void {
    if (this.#call?.answered !== false || this.#reader.waiting === 0) return;
    const cause = new MessageRefusal('malformed', 'the connection ended within a head');
    this.#call.outcome.fail(new UpstreamError('UPE', 502, 'the application did not answer in HTTP/1.1', { cause }));
  }

  /** Returns whether there may be more to do. */
  #step(): boolean {
    const call = this.#call;
    if (this.#body !== undefined) return this.#readBody(this.#body);
    if (call === undefined || call.answered) {
      // Nobody has asked for it: what it would answer cannot be told.
      if (this.#reader.waiting > 0) this.#cut();
      return false;
    }
    const text = this.#reader.head();
    if (text === undefined) return false;
    return this.#answer(call, readResponseHead(text));
  }

  #answer(call: Http1Call, message: ResponseMessage): boolean {
    const head = { status: message.status, headers: message.headers };
    if (message.status === 101) return this.#upgrade(call, head);
    if (message.status < 200) {
      call.outcome.inform(head);
      return true;
    }
    this.#persistent = message.persistent;
    this.#framing = responseFraming(message.headers, message.status, call.request.method);
    const whole = this.#reader.begin(this.#framing);
    this.#body = whole === undefined ? new IncomingBody(() => this.stream.resume()) : undefined;
    const body = this.#body ?? new WholeBody(whole ?? Buffer.alloc(0));
    call.answered = true;
    // The connection is free before anybody hears of it.
    if (this.#body === undefined) this.#settled();
    call.outcome.answer({ kind: 'response', head, body });
    return true;
  }

  #upgrade(call: Http1Call, head: ResponseHead): boolean {
    if (call.request.upgrade === undefined) malformed('an upgrade that nobody asked for');
    this.stream.off('data', this.#onData).off('end', this.#onEnd).pause();
    call.answered = true;
    call.outcome.answer({ kind: 'upgrade', head, stream: this.stream, early: this.#reader.rest() });
    return false;
  }

  #readBody(body: IncomingBody): boolean {
    const ended = this.#reader.body((chunk) => {
      if (!body.push(chunk)) this.stream.pause();
    });
    if (ended) this.#ended(body);
    return ended;
  }

  #ended(body: IncomingBody): void {
    this.#body = undefined;
    body.end(this.#reader.trailers);
    if (this.stream.isPaused()) this.stream.resume();
    this.#settled();
  }

  /** Part of the call is over; once request and response are through, the connection is free, or done with. */
  #settled(): void {
    const call = this.#call;
    if (call === undefined || !call.sent || !call.answered || this.#body !== undefined) return;
    this.#call = undefined;
    if (this.#reader.waiting > 0) this.#cut();
    else if (!this.#persistent || this.#retired || this.#framing.kind === 'until-close') this.retire();
    this.#onIdle();
  }
}

/** What a call needs of its connection. */
interface CallWays {
  settled(): void;
  close(call: Http1Call): void;
}

class Http1Call implements UpstreamCall {
  readonly outcome = new CallOutcome();
  body: BodySink | undefined;
  /** Whether the whole request has been written. */
  sent = false;
  /** Whether the head of the response has come. */
  answered = false;

  constructor(
    readonly request: UpstreamRequest,
    private readonly ways: CallWays,
  ) {}

  /** Writes the request, with its body where that is here; otherwise `body` takes it. */
  send(writer: MessageWriter, framing: Framing, whole: Buffer | undefined): void {
    if (framing.kind !== 'none' && whole === undefined) {
      this.body = writer.body(framing.kind === 'length' ? framing.length : undefined, (error) => this.#written(error));
      return;
    }
    this.sent = true;
    if (framing.kind === 'none' || whole === undefined || whole.length === 0) writer.flush();
    else writer.write(whole);
  }

  listen(listener: CallListener): void {
    this.outcome.listen(listener);
  }

  destroy(): void {
    this.ways.close(this);
  }

  #written(error: Error | null | undefined): void {
    if (error) return;
    this.sent = true;
    this.ways.settled();
  }
}

/** Methods of which a request without a body says nothing of its length. */
const bodyless = ['GET', 'HEAD', 'DELETE', 'OPTIONS', 'TRACE'];
const noFraming: Framing = { kind: 'none' };
const chunked: Framing = { kind: 'chunked' };

/** The head as it is written, and how the body behind it is framed. Throws UpstreamError where HTTP/1.1 cannot express it. */
function headOf(request: UpstreamRequest, whole: Buffer | undefined): { readonly head: string; readonly framing: Framing } {
  try {
    const headers: Header[] = [['host', request.authority], ...request.headers];
    const framing = framingOf(request, headers, whole);
    return { head: writeRequestHead(request.method, request.path, headers), framing };
  } catch (cause) {
    throw new UpstreamError('refused', 400, 'the request cannot be written as HTTP/1.1', { cause });
  }
}

/** Decides on the framing and adds what says so; a client's own `content-length` stays, and is held to. */
function framingOf(request: UpstreamRequest, headers: Header[], whole: Buffer | undefined): Framing {
  if (request.upgrade !== undefined) {
    headers.push(['connection', 'upgrade'], ['upgrade', request.upgrade]);
    return noFraming;
  }
  const declared = requestFraming(headers);
  if (declared.kind === 'chunked' || declared.kind === 'unknown') throw new Error('a request that frames itself');
  if (declared.kind === 'length' && (!request.hasBody || (whole !== undefined && whole.length !== declared.length))) {
    throw new Error('a body of another length than is declared');
  }
  if (firstHeader(headers, 'content-length') !== undefined) return declared;
  if (!request.hasBody) {
    if (!bodyless.includes(request.method)) headers.push(['content-length', '0']);
    return noFraming;
  }
  if (whole === undefined) {
    headers.push(['transfer-encoding', 'chunked']);
    return chunked;
  }
  headers.push(['content-length', String(whole.length)]);
  return { kind: 'length', length: whole.length };
}

function closedError(): UpstreamError {
  return new UpstreamError('UC', 503, 'the application closed the connection before its response');
}
