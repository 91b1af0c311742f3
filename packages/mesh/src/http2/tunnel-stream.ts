import { Duplex } from 'node:stream';
import { batchBytes, returnBatch, takeBatch } from '../socket/batch-buffers.js';
import type { MessageHead, OutgoingHead } from './message-head.js';
import { errorCode } from './protocol.js';

/** What takes the bytes of a stream without the buffers of `Duplex` in between. */
export interface TunnelSink {
  /** Bytes have come, the sink's for the length of the call. The stream's window opens again as `consumed` is told of them. */
  data(chunk: Buffer): void;
  /** The other side has finished sending. */
  end(): void;
  /** So many bytes that were given to `send` have been sent. */
  sent(bytes: number): void;
}

/** Bytes that wait for a window; `batch` is what they are a part of, to be given back. */
interface Queued {
  readonly bytes: Buffer;
  readonly batch?: Buffer;
}

/** What a stream needs of its connection. */
export interface StreamLink {
  /** There is something to send on the stream, or its window has opened. */
  ready(stream: TunnelStream): void;
  /** Takes bytes for sending at once, as many as windows and buffers have room for; returns how many. */
  take(stream: TunnelStream, chunk: Buffer): number;
  /** Bytes of the connection's window are free again. */
  consumed(bytes: number): void;
  sendHead(stream: TunnelStream, head: OutgoingHead, endStream: boolean): void;
  sendReset(stream: TunnelStream, code: number): void;
  sendWindowUpdate(stream: TunnelStream, increment: number): void;
  /** Both sides have ended, or one has reset it. */
  closed(stream: TunnelStream): void;
  /** The `Duplex` is destroyed: nothing refers to it any more. */
  released(stream: TunnelStream): void;
}

/** Bytes in a `Duplex`'s own buffers before it says that it has enough. */
const highWaterMark = 64 * 1024;

/** Smaller chunks are copied once more rather than given a batch of their own. */
const worthTaking = 2048;

/**
 * One CONNECT tunnel: a `Duplex` for whoever wants streams, and `attach`, `send`, `consumed` for who moves bytes from one end to
 * another. Half-close is END_STREAM; `destroy` before both sides have ended is RST_STREAM, and one that comes destroys it with an error.
 * What is received is held up to the stream's window; what is written is held until the peer's window takes it.
 */
export class TunnelStream extends Duplex {
  readonly id: number;
  /** How the peer reset it, or this side did (RFC 9113 section 7). */
  resetCode: number | undefined;
  /** Whether the head of the answer has passed, either way. */
  answered = false;
  /** For the client: called with the head of the answer. */
  onAnswer: ((head: MessageHead) => void) | undefined;

  /** Bytes that the peer's window has room for; negative after it shrank (RFC 9113 section 6.9.2). */
  sendWindow: number;
  /** Whether it is in its connection's list of streams with something to send. */
  scheduled = false;

  readonly #link: StreamLink;
  readonly #window: number;
  #receiveWindow: number;
  /** Bytes received that nobody has taken yet. */
  #held = 0;
  /** Bytes taken that the peer has not been told of. */
  #unannounced = 0;
  /** Bytes that were pushed into the readable side while it had enough; taken when it asks for more. */
  #pushed = 0;
  /** Bytes that the readable side had taken before a sink was attached, which will report them again. */
  #takenBefore = 0;
  #sink: TunnelSink | undefined;

  readonly #queue: Queued[] = [];
  #queuedBytes = 0;
  #writeDone: ((error?: Error) => void) | undefined;
  #endDone: (() => void) | undefined;
  #localEnded = false;
  #remoteEnded = false;

  constructor(link: StreamLink, id: number, windows: { readonly send: number; readonly receive: number }) {
    super({ allowHalfOpen: true, readableHighWaterMark: highWaterMark, writableHighWaterMark: highWaterMark });
    this.#link = link;
    this.id = id;
    this.sendWindow = windows.send;
    this.#window = windows.receive;
    this.#receiveWindow = windows.receive;
  }

  /** Whether the peer has sent END_STREAM. */
  get remoteEnded(): boolean {
    return this.#remoteEnded;
  }

  /** Bytes that the peer may send. */
  get receiveWindow(): number {
    return this.#receiveWindow;
  }

  /** Answers a request. */
  respond(head: OutgoingHead): void {
    if (this.answered || this.destroyed) return;
    this.answered = true;
    this.#link.sendHead(this, head, false);
  }

  /** Answers a request for good: what the client still sends is not read (RFC 9113 section 8.1). */
  refuse(head: OutgoingHead): void {
    if (this.answered || this.destroyed) return;
    this.answered = true;
    this.#localEnded = true;
    this.#link.sendHead(this, head, true);
    if (this.#remoteEnded) this.#link.closed(this);
    else this.#reset(errorCode.noError);
    this.destroy();
  }

  /** Whether something can be sent now. */
  get sendable(): number {
    return Math.max(0, Math.min(this.#queuedBytes, this.sendWindow));
  }

  /** Whether the end is all that is left to send. */
  get endsNow(): boolean {
    return this.#endDone !== undefined && this.#queuedBytes === 0;
  }

  /** From here on everything goes to a sink. Nobody else may read, write or push back. `start` begins. */
  attach(sink: TunnelSink): void {
    this.#sink = sink;
  }

  /** Delivers what was received before the sink was attached. */
  start(): void {
    const sink = this.#sink;
    if (sink === undefined) return;
    const before = this.readableLength > 0 ? (this.read() as Buffer | null) : null;
    if (before !== null) {
      this.#takenBefore = before.length - this.#pushed;
      this.#pushed = 0;
      sink.data(before);
    }
    if (this.#remoteEnded) sink.end();
    this.resume();
  }

  /** Sends bytes, however many, and keeps nothing of the chunk; the sink is told when they have been sent. */
  send(chunk: Buffer): void {
    if (this.destroyed || this.#localEnded) return;
    const taken = chunk.length >= worthTaking && this.#queuedBytes === 0 ? this.#link.take(this, chunk) : 0;
    if (taken < chunk.length) this.#enqueue(copyOf(chunk, taken));
  }

  /** So many received bytes have been passed on: the peer may send as many again. */
  consumed(bytes: number): void {
    const before = Math.min(bytes, this.#takenBefore);
    this.#takenBefore -= before;
    const taken = bytes - before;
    if (taken === 0) return;
    this.#held -= taken;
    this.#link.consumed(taken);
    this.#unannounced += taken;
    if (this.#unannounced < this.#window / 4 || this.#remoteEnded || this.resetCode !== undefined) return;
    this.#receiveWindow += this.#unannounced;
    this.#link.sendWindowUpdate(this, this.#unannounced);
    this.#unannounced = 0;
  }

  /** Takes a frame's length off the window; false where the peer has exceeded it. */
  reserve(length: number): boolean {
    this.#receiveWindow -= length;
    this.#held += length;
    return this.#receiveWindow >= 0;
  }

  /** A piece of DATA has come. */
  received(piece: Buffer): void {
    if (this.destroyed) return;
    if (this.#sink !== undefined) this.#sink.data(piece);
    else if (this.push(Buffer.from(piece))) this.consumed(piece.length);
    else this.#pushed += piece.length;
  }

  /** END_STREAM has come. */
  endReceived(): void {
    this.#remoteEnded = true;
    if (this.#localEnded) this.#link.closed(this);
    if (this.destroyed) return;
    this.#sink?.end();
    this.push(null);
    if (this.#sink !== undefined) this.resume();
  }

  /** RST_STREAM has come, or the connection has gone. */
  resetReceived(code: number, error: Error = new Error('connection reset by peer')): void {
    this.resetCode ??= code;
    this.#discard();
    this.#link.closed(this);
    this.destroy(error);
  }

  /** The peer broke a rule on this stream. */
  fail(code: number, message: string): void {
    this.#reset(code);
    this.destroy(new Error(message));
  }

  /** Copies queued bytes, as many as fit, and takes them off the queue. */
  fill(into: Buffer, at: number, length: number): void {
    let filled = 0;
    let used = 0;
    while (filled < length) {
      const { bytes, batch } = this.#queue[used] as Queued;
      const piece = Math.min(bytes.length, length - filled);
      bytes.copy(into, at + filled, 0, piece);
      filled += piece;
      if (piece < bytes.length) {
        this.#queue[used] = { bytes: bytes.subarray(piece), ...(batch === undefined ? {} : { batch }) };
      } else {
        used += 1;
        if (batch !== undefined) returnBatch(batch);
      }
    }
    this.#queue.splice(0, used);
    this.#queuedBytes -= length;
    this.sendWindow -= length;
  }

  /** Bytes that were given away without the queue count against the window all the same. */
  took(bytes: number): void {
    this.sendWindow -= bytes;
  }

  /** So many bytes are on their way, and the end of all if `ended`. */
  moved(bytes: number, ended: boolean): void {
    if (ended) {
      this.#localEnded = true;
      if (this.#remoteEnded) this.#link.closed(this);
      const done = this.#endDone;
      this.#endDone = undefined;
      done?.();
    }
    if (bytes === 0 || this.#queuedBytes > 0 || this.#writeDone === undefined) return;
    const done = this.#writeDone;
    this.#writeDone = undefined;
    done();
  }

  /** So many bytes have been written. */
  written(bytes: number): void {
    this.#sink?.sent(bytes);
  }

  override _read(): void {
    const pushed = this.#pushed;
    this.#pushed = 0;
    if (pushed > 0) this.consumed(pushed);
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error) => void): void {
    if (chunk.length === 0 || this.#localEnded) {
      done();
      return;
    }
    this.#writeDone = done;
    this.#enqueue({ bytes: chunk });
  }

  override _final(done: () => void): void {
    if (this.#localEnded) {
      done();
      return;
    }
    this.#endDone = done;
    this.#link.ready(this);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (!this.#localEnded || !this.#remoteEnded) this.#reset(this.answered ? errorCode.connectError : errorCode.cancel);
    this.#discard();
    this.#link.consumed(this.#held);
    this.#held = 0;
    this.#link.released(this);
    this.#writeDone?.(error ?? new Error('stream was destroyed'));
    done(error);
  }

  #enqueue(chunk: Queued): void {
    this.#queue.push(chunk);
    this.#queuedBytes += chunk.bytes.length;
    this.#link.ready(this);
  }

  /** Forgets what waits to be sent. */
  #discard(): void {
    this.#queue.length = 0;
    this.#queuedBytes = 0;
    this.#endDone = undefined;
  }

  /** Sends RST_STREAM, unless it has been reset already. */
  #reset(code: number): void {
    if (this.resetCode !== undefined) return;
    this.resetCode = code;
    // Before the reset, which sends what waits: nothing of this stream may come behind it.
    this.#discard();
    this.#link.sendReset(this, code);
    this.#link.closed(this);
  }
}

/** A chunk from a place on, in memory that it may stay in. */
function copyOf(chunk: Buffer, from: number): Queued {
  const length = chunk.length - from;
  if (length < worthTaking || length > batchBytes) return { bytes: Buffer.from(chunk.subarray(from)) };
  const batch = takeBatch();
  chunk.copy(batch, 0, from);
  return { bytes: batch.subarray(0, length), batch };
}
