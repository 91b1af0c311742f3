import type { Duplex } from 'node:stream';
import { batchBytes, returnBatch, takeBatch } from '../socket/batch-buffers.js';
import { writeFrameHeader } from './frame-writer.js';
import { defaultMaxFrameSize, defaultWindow, flag, frameHeaderLength, frameType } from './protocol.js';
import type { TunnelStream } from './tunnel-stream.js';

/** Batches below this size are not worth a buffer that is kept. */
const smallBatch = 4000;

/** Bytes of a stream that are being written. */
interface Written {
  readonly stream: TunnelStream;
  readonly bytes: number;
}

/**
 * What a connection sends. Frames are laid out behind each other in one buffer and written at once; while that write is under way the rest
 * waits, so that a peer that does not read holds back whoever writes. Control frames go first; streams take turns, a frame each.
 */
export class Output {
  readonly #socket: Duplex;
  readonly #drained: () => void;
  #writing = false;
  #ended = false;
  #control: Buffer[] = [];
  #controlBytes = 0;
  /** What goes out with the next write, as far as it is laid out already. */
  #batch: Buffer | undefined;
  #filled = 0;
  /** What is in it of each stream. */
  #written: Written[] = [];
  /** Streams that have something to send and a window for it. */
  readonly #ready: TunnelStream[] = [];
  /** The peer's settings and window. */
  window = defaultWindow;
  maxFrameSize = defaultMaxFrameSize;
  /** DATA frames sent so far. */
  dataFrames = 0;

  /** `drained` is called when all that there was has been written. */
  constructor(socket: Duplex, drained: () => void) {
    this.#socket = socket;
    this.#drained = drained;
  }

  /** Control bytes that wait. */
  get waiting(): number {
    return this.#controlBytes;
  }

  /** Whether everything has been handed to the socket. */
  get idle(): boolean {
    return !this.#writing && this.#batch === undefined && this.#controlBytes === 0 && this.#ready.length === 0;
  }

  /** Adds a frame of anything but DATA; `flush` sends it. */
  control(frame: Buffer): void {
    if (this.#ended) return;
    this.#control.push(frame);
    this.#controlBytes += frame.length;
  }

  /** Notes that a stream has something to send. */
  schedule(stream: TunnelStream): void {
    if (stream.scheduled || this.#ended || (stream.sendable === 0 && !stream.endsNow)) return;
    stream.scheduled = true;
    this.#ready.push(stream);
  }

  /** Lays bytes of a stream out at once, as many as fit; returns how many. `flush` sends them. */
  take(stream: TunnelStream, chunk: Buffer): number {
    // Whoever waits comes first.
    if (this.#ended || this.#ready.length > 0 || Math.min(stream.sendWindow, this.window) <= 0) return 0;
    const batch = this.#batch ?? takeBatch();
    this.#batch = batch;
    this.#filled += this.#layControl(batch, this.#filled);
    let taken = 0;
    // What came before it goes first.
    while (taken < chunk.length && this.#controlBytes === 0) {
      const room = batch.length - this.#filled - frameHeaderLength;
      const length = Math.min(chunk.length - taken, stream.sendWindow, this.window, this.maxFrameSize, room);
      if (length <= 0) break;
      chunk.copy(batch, this.#filled + frameHeaderLength, taken, taken + length);
      stream.took(length);
      this.#frame(stream, batch, this.#filled, length, false);
      this.#filled += frameHeaderLength + length;
      taken += length;
    }
    return taken;
  }

  /** Sends what can be sent now. */
  flush(): void {
    if (this.#writing || this.#ended) return;
    const kept = this.#batch;
    const need = kept === undefined ? this.#measure() : 1;
    if (need === 0) return;
    // Set before anybody is told that bytes are on their way: what they do then waits for the next batch.
    this.#writing = true;
    const buffer = kept ?? (need <= smallBatch ? Buffer.allocUnsafe(need) : takeBatch());
    this.#batch = undefined;
    const length = this.#lay(buffer, this.#filled);
    const written = this.#written;
    this.#filled = 0;
    this.#written = [];
    this.#socket.write(length === buffer.length ? buffer : buffer.subarray(0, length), () => {
      // The buffer is the socket's until now.
      if (buffer.length === batchBytes) returnBatch(buffer);
      this.#writing = false;
      for (const { stream, bytes } of written) stream.written(bytes);
      this.flush();
      if (this.idle) this.#drained();
    });
  }

  /** Sends one last frame and ends the socket. */
  end(last?: Buffer): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#ready.length = 0;
    const laid = this.#batch?.subarray(0, this.#filled) ?? Buffer.alloc(0);
    const frames = last === undefined ? [laid, ...this.#control] : [laid, ...this.#control, last];
    this.#control = [];
    this.#controlBytes = 0;
    this.#socket.end(Buffer.concat(frames));
  }

  /** Sends nothing any more. */
  abandon(): void {
    this.#ended = true;
    this.#ready.length = 0;
    this.#control = [];
    this.#controlBytes = 0;
  }

  /** Bytes that the next batch takes, up to what a buffer holds. */
  #measure(): number {
    let need = this.#controlBytes;
    let window = this.window;
    for (const stream of this.#ready) {
      if (need >= batchBytes) break;
      const bytes = Math.min(stream.sendable, window);
      window -= bytes;
      if (bytes > 0 || stream.endsNow) need += bytes + frameHeaderLength * Math.max(1, Math.ceil(bytes / this.maxFrameSize));
    }
    return Math.min(need, batchBytes);
  }

  /** Lays out control frames, then a frame of each stream in turn until the buffer is full or nothing is left. */
  #lay(buffer: Buffer, from: number): number {
    let at = from + this.#layControl(buffer, from);
    /** Streams that could not move on since the last that could. */
    let stuck = 0;
    while (this.#ready.length > stuck && buffer.length - at >= frameHeaderLength) {
      const stream = this.#ready.shift() as TunnelStream;
      const room = buffer.length - at - frameHeaderLength;
      const length = Math.min(stream.sendable, this.window, this.maxFrameSize, room);
      if (length === 0 && !stream.endsNow) {
        // Without a window of its own it comes back when that opens; without one of the connection it stays in line.
        if (stream.sendable === 0) stream.scheduled = false;
        else {
          this.#ready.push(stream);
          stuck += 1;
        }
        continue;
      }
      stuck = 0;
      at += this.#layData(stream, buffer, at, length);
    }
    return at;
  }

  #layControl(buffer: Buffer, from: number): number {
    if (this.#controlBytes === 0) return 0;
    let at = from;
    let laid = 0;
    for (const frame of this.#control) {
      if (frame.length > buffer.length - at) break;
      frame.copy(buffer, at);
      at += frame.length;
      laid += 1;
    }
    this.#control = laid === this.#control.length ? [] : this.#control.slice(laid);
    this.#controlBytes -= at - from;
    return at - from;
  }

  #layData(stream: TunnelStream, buffer: Buffer, at: number, length: number): number {
    stream.fill(buffer, at + frameHeaderLength, length);
    const ends = stream.endsNow;
    stream.scheduled = false;
    this.#frame(stream, buffer, at, length, ends);
    stream.moved(length, ends);
    this.schedule(stream);
    return frameHeaderLength + length;
  }

  #frame(stream: TunnelStream, buffer: Buffer, at: number, length: number, ends: boolean): void {
    writeFrameHeader(buffer, at, length, frameType.data, ends ? flag.endStream : 0, stream.id);
    this.window -= length;
    this.dataFrames += 1;
    if (length > 0) this.#written.push({ stream, bytes: length });
  }
}
