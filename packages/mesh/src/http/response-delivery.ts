import type { HeaderOption } from '@sallyport/policy';
import { pipeTunnel } from '../hbone/pipe-tunnel.js';
import type { BodySource, Exchange, ResponseHead } from './exchange.js';
import { forwardedResponseHeaders, forwardedTrailers } from './forwarded-headers.js';
import { firstHeader, type HeaderList } from './header-list.js';
import { type LocalReply, replyLocally } from './local-reply.js';
import { pump } from './pump.js';
import type { RequestRecord } from './request-record.js';
import { withResponseHeaders } from './response-headers.js';
import type { UpstreamResponse } from './upstream.js';

const done = Promise.resolve();

/**
 * What goes back to the client of one request: an answer of the gate itself, an application's response, or a tunnel where the protocol changes. Counts what went, and looks
 * to it that a client who never takes it is not waited for.
 */
export class ResponseDelivery {
  readonly #exchange: Exchange;
  readonly #record: RequestRecord;
  /** How long the client may take nothing. */
  readonly #patienceMs: number;
  readonly #onStalled: () => void;
  #begun = false;
  #over = false;
  #stall: NodeJS.Timeout | undefined;
  #tunnel = done;

  constructor(exchange: Exchange, record: RequestRecord, patienceMs: number, onStalled: () => void) {
    this.#exchange = exchange;
    this.#record = record;
    this.#patienceMs = patienceMs;
    this.#onStalled = onStalled;
  }

  /** Whether an application's response has begun: there can be no other. */
  get begun(): boolean {
    return this.#begun;
  }

  /** Answers for the gate. */
  reply(reply: LocalReply): void {
    const { status, bytes } = replyLocally(this.#exchange, reply);
    this.#record.status = status;
    this.#record.bytesSent = bytes;
    this.#awaitTaker();
  }

  /** Passes an application's response on, with the headers that an authorizer wishes for. Rejects where a body breaks off, or the client takes nothing of it. */
  passOn(response: UpstreamResponse, wished: readonly HeaderOption[]): void | Promise<void> {
    this.#record.status = response.head.status;
    this.#record.details = 'via_upstream';
    if (response.kind === 'upgrade') return this.#switchProtocols(response);
    const { head, body } = response;
    const { status } = head;
    const changed = withResponseHeaders(forwardedResponseHeaders(head.headers), wished);
    const headers = status === 204 ? changed.filter(([name]) => name !== 'content-length') : changed;
    this.#record.grpcStatus = firstHeader(headers, 'grpc-status') ?? '';
    if (this.#exchange.head.attributes.method === 'HEAD' || status === 204 || status === 304) {
      return this.#passOnHead({ status, headers }, body);
    }
    if (body.whole === undefined) return this.#passOnBody({ status, headers }, body);
    this.#record.bytesSent += body.whole.length;
    this.#exchange.respondWhole({ status, headers }, body.whole);
    this.#begun = true;
    this.#awaitTaker();
  }

  /** The exchange is over. Resolves when a tunnel has ended, too: what went through it is known once both of its sides have closed. */
  end(): Promise<void> {
    this.#over = true;
    clearTimeout(this.#stall);
    return this.#tunnel;
  }

  #passOnHead(head: ResponseHead, body: BodySource): void {
    this.#exchange.respond(head, true);
    this.#begun = true;
    if (body.whole === undefined) body.stream.resume();
    this.#awaitTaker();
  }

  #passOnBody(head: ResponseHead, body: BodySource): Promise<void> {
    const record = this.#record;
    const sink = this.#exchange.respond(head, false);
    this.#begun = true;
    const trailers = () => {
      const list = forwardedTrailers(body.trailers());
      record.grpcStatus = firstHeader(list, 'grpc-status') ?? record.grpcStatus;
      return list;
    };
    const count = (bytes: number) => {
      record.bytesSent += bytes;
    };
    const source = { stream: body.stream, trailers, complete: () => body.complete() };
    return pump(source, sink, count, this.#patienceMs).then(() => this.#awaitTaker());
  }

  async #switchProtocols(response: Extract<UpstreamResponse, { kind: 'upgrade' }>): Promise<void> {
    const exchange = this.#exchange;
    const record = this.#record;
    const upgrade = firstHeader(response.head.headers, 'upgrade') ?? exchange.head.upgrade ?? '';
    const headers: HeaderList = [
      ...forwardedResponseHeaders(response.head.headers),
      ['connection', 'upgrade'],
      ['upgrade', upgrade],
    ];
    const client = exchange.switchProtocols({ status: 101, headers });
    this.#begun = true;
    client.stream.unshift(client.early);
    response.stream.unshift(response.early);
    this.#tunnel = pipeTunnel(client.stream, response.stream).ended.then((outcome) => {
      record.bytesReceived += outcome.bytesFromA;
      record.bytesSent += outcome.bytesFromB;
    });
    await this.#tunnel;
    this.#awaitTaker();
  }

  /** The response is on its way; whoever never takes it does not keep it here. */
  #awaitTaker(): void {
    if (!this.#over) this.#stall ??= setTimeout(this.#onStalled, this.#patienceMs);
  }
}
