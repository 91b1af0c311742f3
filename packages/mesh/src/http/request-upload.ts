import type { BodyInCheck, CheckBody } from '@sallyport/policy';
import { Deadline } from './deadline.js';
import type { BodySink, Exchange } from './exchange.js';
import { forwardedTrailers } from './forwarded-headers.js';
import { PeekedBody } from './peeked-body.js';
import { BodyBrokenError, pump, StalledBodyError } from './pump.js';
import type { RequestRecord } from './request-record.js';

/** The body of one request: an authorizer may look at its beginning, then it goes on. The client has its time for it, which every byte begins anew. */
export class RequestUpload {
  readonly #exchange: Exchange;
  readonly #record: RequestRecord;
  readonly #deadline: Deadline;
  #peeked: PeekedBody | undefined;
  #underWay = false;
  /** Ends the wait for the beginning of the body. */
  #abandonPeek: (error: Error) => void = () => undefined;

  /** `onStalled` is called where the client sends nothing more for `patienceMs`. */
  constructor(exchange: Exchange, record: RequestRecord, patienceMs: number, onStalled: (error: StalledBodyError) => void) {
    this.#exchange = exchange;
    this.#record = record;
    this.#deadline = new Deadline(patienceMs, () => {
      this.#abandonPeek(stalled());
      onStalled(stalled());
    });
  }

  /** Why it was given up; undefined as long as it was not. */
  get stalled(): StalledBodyError | undefined {
    return this.#deadline.expired ? stalled() : undefined;
  }

  /** Whether it is on its way to the application. */
  get underWay(): boolean {
    return this.#underWay;
  }

  /** Whether an authorizer has looked into it, for which the client was told to continue. */
  get wasPeeked(): boolean {
    return this.#peeked !== undefined;
  }

  /** All of it, where all of it is here and nobody has looked into it. */
  get whole(): Buffer | undefined {
    return this.#peeked === undefined && this.#exchange.head.hasBody ? this.#exchange.body.whole : undefined;
  }

  /** Its beginning, for an authorizer; undefined where there is none. Rejects where it does not come in time. */
  async peek(wanted: BodyInCheck): Promise<CheckBody | undefined> {
    const exchange = this.#exchange;
    if (!exchange.head.hasBody) return undefined;
    if (this.#peeked === undefined) {
      if (this.#record.verdict !== undefined) throw new Error('the body is on its way');
      this.#peeked = new PeekedBody(exchange.body);
      if (exchange.head.expectsContinue) exchange.inform({ status: 100, headers: [] });
    }
    const peeked = this.#peeked.peek(wanted);
    this.#deadline.start();
    return new Promise((resolve, reject) => {
      this.#abandonPeek = reject;
      if (this.#deadline.expired) reject(stalled());
      peeked.then(resolve, reject);
    });
  }

  /**
   * Moves it to the application, without trailers that are `reserved`. Resolves whatever becomes of it; a client that breaks off is told to `broken`, where an application that takes no
   * more may answer all the same: then its response says how this ends.
   */
  async sendTo(sink: BodySink, reserved: ReadonlySet<string>, broken: () => void): Promise<void> {
    const source = this.#peeked?.replayed() ?? this.#exchange.body;
    const trailers = () => forwardedTrailers(source.trailers()).filter(([name]) => !reserved.has(name));
    const body = { stream: source.stream, trailers, complete: () => source.complete() };
    this.#underWay = true;
    this.#deadline.start();
    try {
      await pump(body, sink, (count) => {
        this.#record.bytesReceived += count;
        this.#deadline.start();
      });
      this.#deadline.stop();
    } catch (error) {
      if (!(error instanceof BodyBrokenError) || error.side === 'source') broken();
    }
    this.#underWay = false;
  }

  /** The client's time does not matter any more. */
  stop(): void {
    this.#deadline.stop();
  }
}

function stalled(): StalledBodyError {
  return new StalledBodyError('the client sends no more');
}
