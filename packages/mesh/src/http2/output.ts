import type { Duplex } from 'node:stream';
import { writeFrameHeader } from './frame-writer.js';
import { defaultMaxFrameSize, defaultWindow, flag, frameHeaderLength, frameType } from './protocol.js';
import type { TunnelStream } from './tunnel-stream.js';

/** Bytes of one write. Large enough to make a system call worth while, small enough to stay in a core's cache. */
const batchBytes = 128 * 1024;

/** Batches below this size are not worth a buffer of their own. */
const smallBatch = 4000;

/** Buffers of `batchBytes` that nobody uses. */
const spareBuffers: Buffer[] = [];
const mostSpareBuffers = 16;

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
    return !this.#writing && this.#controlBytes === 0 && this.#ready.length === 0;
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

  /** Sends what can be sent now. */
  flush(): void {
    if (this.#writing || this.#ended) return;
    const need = this.#measure();
    if (need === 0) return;
    const buffer = need <= smallBatch ? Buffer.allocUnsafe(need) : (spareBuffers.pop() ?? Buffer.allocUnsafeSlow(batchBytes));
    // Set before anybody is told that bytes are on their way: what they do then waits for the next batch.
    this.#writing = true;
    const length = this.#lay(buffer);
    this.#socket.write(length === buffer.length ? buffer : buffer.subarray(0, length), () => {
      // The buffer is the socket's until now.
      if (buffer.length === batchBytes && spareBuffers.length < mostSpareBuffers) spareBuffers.push(buffer);
      this.#writing = false;
      this.flush();
      if (this.idle) this.#drained();
    });
  }

  /** Sends one last frame and ends the socket. */
  end(last?: Buffer): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#ready.length = 0;
    const frames = last === undefined ? this.#control : [...this.#control, last];
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
  #lay(buffer: Buffer): number {
    let at = this.#layControl(buffer);
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

  #layControl(buffer: Buffer): number {
    let at = 0;
    let laid = 0;
    for (const frame of this.#control) {
      if (frame.length > buffer.length - at) break;
      frame.copy(buffer, at);
      at += frame.length;
      laid += 1;
    }
    this.#control = laid === this.#control.length ? [] : this.#control.slice(laid);
    this.#controlBytes -= at;
    return at;
  }

  #layData(stream: TunnelStream, buffer: Buffer, at: number, length: number): number {
    stream.fill(buffer, at + frameHeaderLength, length);
    const ends = stream.endsNow;
    writeFrameHeader(buffer, at, length, frameType.data, ends ? flag.endStream : 0, stream.id);
    this.window -= length;
    this.dataFrames += 1;
    stream.scheduled = false;
    stream.moved(length, ends);
    this.schedule(stream);
    return frameHeaderLength + length;
  }
}
