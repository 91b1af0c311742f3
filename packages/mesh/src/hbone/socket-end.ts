import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { readBytes, returnBatch, takeBatch } from '../socket/batch-buffers.js';
import { readDirectly } from '../socket/direct-reads.js';
import type { ByteEnd, ByteSink } from './byte-end.js';

/** Received bytes that may be on the way before a socket is not read any more: one full read, which is still in the core's cache when it is written. */
const mostOnTheWay = readBytes;

/** Below this a chunk is written at once: somebody waits for it. */
const smallChunk = 4096;

/** A batch is written when it holds as much, or when everything that has come was read. */
const fullBatch = readBytes;

/** What all TCP sockets read into: whoever takes the bytes is done with them before the next read. */
const readBuffer = Buffer.allocUnsafeSlow(readBytes);

/** A socket as one end of a tunnel. Reads into one buffer, gathers what is to be written, and makes nothing of a chunk that V8 would have to collect. */
export class SocketEnd implements ByteEnd {
  readonly #socket: Duplex;
  #sink: ByteSink | undefined;
  /** Bytes delivered and not yet passed on. */
  #onTheWay = 0;
  #paused = false;
  #batch: Buffer | undefined;
  #filled = 0;
  #flush: NodeJS.Immediate | undefined;

  constructor(socket: Duplex) {
    this.#socket = socket;
  }

  attach(sink: ByteSink): void {
    this.#sink = sink;
  }

  start(): void {
    const socket = this.#socket;
    const deliver = (chunk: Buffer): void => this.#deliver(chunk);
    for (let chunk = take(socket); chunk !== null; chunk = take(socket)) deliver(chunk);
    if (!(socket instanceof Socket) || !readDirectly(socket, readBuffer, deliver)) socket.on('data', deliver);
    if (socket.readableEnded) this.#sink?.end();
    else socket.once('end', () => this.#sink?.end());
    if (!this.#paused) socket.resume();
  }

  consumed(bytes: number): void {
    this.#onTheWay -= bytes;
    if (!this.#paused || this.#onTheWay >= mostOnTheWay) return;
    this.#paused = false;
    this.#socket.resume();
  }

  send(chunk: Buffer): void {
    if (chunk.length < smallChunk && this.#batch === undefined) {
      this.#write(Buffer.from(chunk), chunk.length);
      return;
    }
    for (let at = 0; at < chunk.length; ) {
      this.#batch ??= takeBatch();
      const length = chunk.copy(this.#batch, this.#filled, at);
      this.#filled += length;
      at += length;
      if (this.#filled >= fullBatch) this.#writeBatch();
    }
    if (this.#batch !== undefined) this.#flush ??= setImmediate(() => this.#writeBatch());
  }

  #deliver(chunk: Buffer): void {
    this.#onTheWay += chunk.length;
    this.#sink?.data(chunk);
    if (this.#onTheWay < mostOnTheWay || this.#paused) return;
    this.#paused = true;
    this.#socket.pause();
  }

  #writeBatch(): void {
    clearImmediate(this.#flush);
    this.#flush = undefined;
    const batch = this.#batch;
    if (batch === undefined) return;
    this.#batch = undefined;
    const length = this.#filled;
    this.#filled = 0;
    this.#write(batch.subarray(0, length), length, batch);
  }

  #write(bytes: Buffer, length: number, batch?: Buffer): void {
    this.#socket.write(bytes, () => {
      // The buffer is the socket's until now.
      if (batch !== undefined) returnBatch(batch);
      this.#sink?.sent(length);
    });
  }
}

function take(stream: Duplex): Buffer | null {
  return stream.readableLength > 0 ? (stream.read() as Buffer | null) : null;
}
