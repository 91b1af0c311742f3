import type { Duplex } from 'node:stream';
import type { BodySink, BodySource, Exchange, RequestHead, ResponseHead } from './exchange.js';
import { firstHeader, type Header, type HeaderList } from './header-list.js';
import { httpDate } from './http-date.js';
import { noBody, responseFraming } from './message/framing.js';
import { writeResponseHead } from './message/write-head.js';
import { MessageWriter } from './message-writer.js';

/** What an HTTP/1.1 exchange needs of its connection. */
export interface Http1Circumstances {
  readonly stream: Duplex;
  /** Whether the connection ends after this response. */
  closing(): boolean;
  /** The response has been sent, in full or not at all any more. */
  answered(complete: boolean): void;
  /** Lets go of the connection; returns the bytes that nobody has read. */
  detach(): Buffer;
  /** Ends the connection at once. */
  reset(): void;
}

/** One HTTP/1.1 request and its response. */
export class Http1Exchange implements Exchange {
  #over = false;
  #responded = false;
  #awaitsContinue: boolean;
  #sink: BodySink | undefined;
  readonly #closed: ((complete: boolean) => void)[] = [];

  constructor(
    readonly head: RequestHead,
    readonly body: BodySource,
    private readonly circumstances: Http1Circumstances,
  ) {
    this.#awaitsContinue = head.expectsContinue;
  }

  inform(head: ResponseHead): void {
    if (head.status !== 100 || this.#responded || this.#over) return;
    this.#awaitsContinue = false;
    this.circumstances.stream.write(writeResponseHead(100, []), 'latin1');
  }

  respond(head: ResponseHead, bodyless: boolean): BodySink {
    const length = bodyless ? 0 : lengthOf(head, this.head.attributes.method);
    const writer = this.#begin(head, length === undefined ? chunked : []);
    const sent = (error?: Error | null): void => this.end(!error);
    if (length === 0) {
      writer.flush(sent);
      return writer.body(0, ignored);
    }
    this.#sink = writer.body(length, sent);
    return this.#sink;
  }

  respondWhole(head: ResponseHead, body: Buffer): void {
    const declared = lengthOf(head, this.head.attributes.method);
    if (declared !== undefined && declared !== body.length)
      throw new Error('the body is not of the length that its head declares');
    const writer = this.#begin(head, declared === undefined ? [['content-length', String(body.length)]] : []);
    const sent = (error?: Error | null): void => this.end(!error);
    if (body.length === 0) writer.flush(sent);
    else writer.write(body, sent);
  }

  switchProtocols(head: ResponseHead): { readonly stream: Duplex; readonly early: Buffer } {
    const { stream } = this.circumstances;
    const early = this.circumstances.detach();
    stream.once('close', () => this.end(true));
    stream.write(writeResponseHead(head.status, head.headers), 'latin1');
    return { stream, early };
  }

  destroy(): void {
    this.circumstances.reset();
    this.end(false);
  }

  onClose(listener: (complete: boolean) => void): void {
    if (this.#over) listener(false);
    else this.#closed.push(listener);
  }

  /** Whether the response is out, or will never be. */
  get over(): boolean {
    return this.#over;
  }

  /** The client sends no more: without an answer under way there is nobody to answer. */
  clientEnded(): void {
    if (!this.#responded || this.#sink?.stream.writableEnded === false) this.end(false);
  }

  /** Called by the connection where it ends before the response does. */
  end(complete: boolean): void {
    if (this.#over) return;
    this.#over = true;
    if (!complete) this.#sink?.stream.destroy();
    for (const listener of this.#closed) listener(complete);
    this.circumstances.answered(complete);
  }

  /** Whether the connection may serve another request after this one. */
  get reusable(): boolean {
    return !this.circumstances.closing() && !this.#awaitsContinue;
  }

  #begin(head: ResponseHead, framing: HeaderList): MessageWriter {
    if (this.#responded) throw new Error('a request is answered once');
    const headers: Header[] = [...head.headers, ...framing];
    if (firstHeader(headers, 'date') === undefined) headers.push(['date', httpDate()]);
    // A client that was not told to continue may send its next request where the body would be; the connection cannot be used again.
    if (!this.reusable) headers.push(['connection', 'close']);
    const text = writeResponseHead(head.status, headers);
    this.#responded = true;
    return new MessageWriter(this.circumstances.stream, text);
  }
}

const ignored = (): void => undefined;
const chunked: HeaderList = [['transfer-encoding', 'chunked']];

/** The length that the head declares for its body; undefined where it declares none. How the message is framed is not for it to say. */
function lengthOf({ status, headers }: ResponseHead, method: string): number | undefined {
  const framing = responseFraming(headers, status, method);
  if (framing.kind === 'chunked') throw new Error('a response that frames itself');
  return framing.kind === 'length' ? framing.length : framing === noBody ? 0 : undefined;
}
