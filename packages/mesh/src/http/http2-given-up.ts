import type { Http2Session } from 'node:http2';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** How often it is looked to, in milliseconds. */
const lookMs = 500;

/** How long a peer that reads may take to answer. An application that is stopped for a moment is not given up. */
const answerMs = 5_000;

/**
 * Looks whether node:http2 has given a connection up, and ends it then: after some breaches of the protocol it says GOAWAY, reads no more, and so never learns that
 * the peer has gone. Such a session does not send the PING that it is given, though nothing is on its way. A peer that takes nothing holds it back just as well, and has
 * `patienceMs` for it.
 */
export class GivenUpWatch {
  readonly #session: Http2Session;
  readonly #transport: Duplex;
  readonly #patienceMs: number;
  #timer: NodeJS.Timeout | undefined;
  #spentMs = 0;
  #rests = false;

  constructor(session: Http2Session, transport: Duplex, patienceMs: number) {
    this.#session = session;
    this.#transport = transport;
    this.#patienceMs = patienceMs;
  }

  /**
   * Begins to look, unless it is looking already. Where no request is under way, the connection `rests`, nothing but the PING can wait to be sent. Else others may, such as requests beyond what the
   * other side takes at once, and only a PING without an answer tells.
   */
  look(rests: boolean): void {
    if (this.#timer !== undefined || this.#session.destroyed) return;
    this.#rests = rests;
    this.#spentMs = 0;
    this.#timer = setInterval(() => this.#lookAgain(), lookMs).unref();
    this.#session.ping((error) => {
      if (error === null) this.stop();
    });
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #lookAgain(): void {
    this.#spentMs += lookMs;
    const { destroyed, state } = this.#session;
    const unsent = destroyed ? 0 : (state.outboundQueueSize ?? 0);
    const certain = this.#rests || this.#spentMs >= answerMs;
    const stuck = certain && unsent > 0 && pendingBytes(this.#transport) === 0;
    if (unsent > 0 && !stuck && this.#spentMs < this.#patienceMs) return;
    this.stop();
    if (unsent > 0) this.#session.destroy();
  }
}

/** Bytes that are on their way to a peer that does not take them; undefined where Node.js does not tell. */
function pendingBytes(transport: Duplex): number | undefined {
  if (!(transport instanceof Socket)) return transport.writableLength;
  // A session writes past the socket, to what is below it.
  const { writeQueueSize } =
    (transport as unknown as { readonly _handle?: { readonly writeQueueSize?: number } | null })._handle ?? {};
  return writeQueueSize;
}
