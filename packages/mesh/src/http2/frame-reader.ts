import { ConnectionError, clientPreface, errorCode, flag, frameHeaderLength, frameType } from './protocol.js';

/** One parameter of a SETTINGS frame. */
export interface Setting {
  readonly id: number;
  readonly value: number;
}

/** What a `FrameReader` finds, in the order of the bytes. A method may throw `ConnectionError`; nothing more is read then. */
export interface FrameSink {
  /** A DATA frame begins: so many bytes count against flow control, padding included. */
  dataBegins(streamId: number, length: number): void;
  /** A piece of its payload: a view into the bytes that were read, not a copy. */
  dataPiece(streamId: number, piece: Buffer): void;
  /** It is complete; `padding` bytes of it were none of its payload. */
  dataEnds(streamId: number, padding: number, endStream: boolean): void;
  /** A header block is complete, continuations included. */
  headerBlock(streamId: number, block: Buffer, endStream: boolean): void;
  priority(streamId: number): void;
  streamReset(streamId: number, code: number): void;
  settings(settings: readonly Setting[]): void;
  settingsAcknowledged(): void;
  pinged(payload: Buffer): void;
  pingAnswered(payload: Buffer): void;
  wentAway(lastStreamId: number, code: number): void;
  /** Stream 0 is the connection; an increment of 0 is the sink's to refuse. */
  windowOpened(streamId: number, increment: number): void;
  /** A frame of a type that nobody knows; its payload is skipped. */
  unknownFrame(type: number): void;
  /** A frame was wrong in a way that ends its stream only. */
  streamError(streamId: number, code: number): void;
}

/** What a `FrameReader` refuses to hold. */
export interface FrameReaderLimits {
  /** Announced as SETTINGS_MAX_FRAME_SIZE. */
  readonly maxFrameSize: number;
  /** Bytes of one header block, compressed. */
  readonly maxHeaderBlock: number;
  /** CONTINUATION frames of one header block. */
  readonly maxContinuations: number;
  /** Payload of any other frame that must be held whole: SETTINGS, GOAWAY. */
  readonly maxControlPayload: number;
}

/** Where in the stream of bytes a reader is. */
type State = 'preface' | 'header' | 'pad-length' | 'data' | 'padding' | 'payload' | 'skip';

/**
 * Bytes → events: the frames of one direction of an HTTP/2 connection (RFC 9113 sections 3.4, 4 and 6). Pure and incremental: however
 * the bytes are cut, the events are the same but for the cuts between pieces of DATA. What is wrong with a frame by itself, or with its place between
 * header block fragments, throws `ConnectionError`; what depends on streams, windows or time is the sink's to judge. DATA is
 * never held; everything else is held up to the limits, which are checked before the bytes arrive.
 */
export class FrameReader {
  readonly #sink: FrameSink;
  readonly #limits: FrameReaderLimits;
  #state: State;
  #stopped = false;
  #first = true;
  /** Bytes of the preface that have been seen. */
  #matched = 0;

  /** The header of the frame that is being read, and how much of it is there. */
  readonly #header = Buffer.alloc(frameHeaderLength);
  #headerFilled = 0;
  #type = 0;
  #flags = 0;
  #streamId = 0;
  #length = 0;
  /** Bytes of the current part of the frame that are still to come. */
  #left = 0;
  #padding = 0;
  #payload: Buffer = Buffer.alloc(0);

  /** The header block that waits for its continuation. */
  #block: Buffer[] | undefined;
  #blockStream = 0;
  #blockEndsStream = false;
  #blockLength = 0;

  constructor(sink: FrameSink, limits: FrameReaderLimits, expects: 'preface' | 'frames') {
    this.#sink = sink;
    this.#limits = limits;
    this.#state = expects === 'preface' ? 'preface' : 'header';
  }

  /** Reads the next bytes. Throws `ConnectionError` at the first that are wrong, and must not be called again then. */
  read(bytes: Buffer): void {
    let at = 0;
    while (at < bytes.length && !this.#stopped) at = this.#step(bytes, at);
  }

  /** Ignores whatever else comes, the rest of the bytes that are being read included. */
  stop(): void {
    this.#stopped = true;
  }

  #step(bytes: Buffer, at: number): number {
    switch (this.#state) {
      case 'preface':
        return this.#readPreface(bytes, at);
      case 'header':
        return this.#readHeader(bytes, at);
      case 'pad-length':
        this.#padding = bytes[at] ?? 0;
        if (this.#padding >= this.#length) throw new ConnectionError(errorCode.protocolError, 'padding longer than its frame');
        this.#beginData(this.#length - 1 - this.#padding);
        return at + 1;
      case 'data': {
        const end = Math.min(bytes.length, at + this.#left);
        this.#left -= end - at;
        this.#sink.dataPiece(this.#streamId, bytes.subarray(at, end));
        if (this.#left === 0) this.#beginPadding();
        return end;
      }
      case 'padding': {
        const end = Math.min(bytes.length, at + this.#left);
        this.#left -= end - at;
        if (this.#left === 0) this.#endData();
        return end;
      }
      case 'payload':
        return this.#readPayload(bytes, at);
      case 'skip': {
        const end = Math.min(bytes.length, at + this.#left);
        this.#left -= end - at;
        if (this.#left === 0) this.#state = 'header';
        return end;
      }
    }
  }

  #readPreface(bytes: Buffer, at: number): number {
    const end = Math.min(bytes.length, at + clientPreface.length - this.#matched);
    if (bytes.compare(clientPreface, this.#matched, this.#matched + end - at, at, end) !== 0) {
      throw new ConnectionError(errorCode.protocolError, 'not an HTTP/2 client');
    }
    this.#matched += end - at;
    if (this.#matched === clientPreface.length) this.#state = 'header';
    return end;
  }

  #readHeader(bytes: Buffer, at: number): number {
    if (this.#headerFilled === 0 && bytes.length - at >= frameHeaderLength) {
      this.#begin(bytes, at);
      return at + frameHeaderLength;
    }
    const end = Math.min(bytes.length, at + frameHeaderLength - this.#headerFilled);
    bytes.copy(this.#header, this.#headerFilled, at, end);
    this.#headerFilled += end - at;
    if (this.#headerFilled === frameHeaderLength) {
      this.#headerFilled = 0;
      this.#begin(this.#header, 0);
    }
    return end;
  }

  /** A frame header is complete. */
  #begin(bytes: Buffer, at: number): void {
    this.#length = bytes.readUIntBE(at, 3);
    this.#type = bytes.readUInt8(at + 3);
    this.#flags = bytes.readUInt8(at + 4);
    this.#streamId = bytes.readUInt32BE(at + 5) & 0x7fff_ffff;
    if (this.#length > this.#limits.maxFrameSize) throw new ConnectionError(errorCode.frameSizeError, 'frame too large');
    this.#checkPlace();
    if (this.#type === frameType.data) this.#beginDataFrame();
    else if (this.#type > frameType.continuation) this.#skip();
    else this.#hold();
  }

  /** What may come now (RFC 9113 sections 3.4 and 6.10), and on which stream. */
  #checkPlace(): void {
    const type = this.#type;
    if (this.#first && (type !== frameType.settings || this.#has(flag.ack))) {
      throw new ConnectionError(errorCode.protocolError, 'the first frame is not SETTINGS');
    }
    this.#first = false;
    const continues = type === frameType.continuation;
    if (this.#block === undefined) {
      if (continues) throw new ConnectionError(errorCode.protocolError, 'CONTINUATION without HEADERS');
    } else if (!continues || this.#streamId !== this.#blockStream) {
      throw new ConnectionError(errorCode.protocolError, 'frame inside a header block');
    }
    if (type === frameType.pushPromise) throw new ConnectionError(errorCode.protocolError, 'PUSH_PROMISE');
    const ofConnection = type === frameType.settings || type === frameType.ping || type === frameType.goAway;
    const ofEither = type === frameType.windowUpdate || type > frameType.continuation;
    if (!ofEither && ofConnection !== (this.#streamId === 0)) {
      throw new ConnectionError(errorCode.protocolError, `frame of type ${type} on stream ${this.#streamId}`);
    }
  }

  #beginDataFrame(): void {
    const padded = this.#has(flag.padded);
    if (padded && this.#length === 0) throw new ConnectionError(errorCode.frameSizeError, 'padded frame without a length');
    this.#padding = 0;
    this.#sink.dataBegins(this.#streamId, this.#length);
    if (padded) this.#state = 'pad-length';
    else this.#beginData(this.#length);
  }

  #beginData(length: number): void {
    this.#left = length;
    this.#state = 'data';
    if (length === 0) this.#beginPadding();
  }

  #beginPadding(): void {
    this.#left = this.#padding;
    this.#state = 'padding';
    if (this.#left === 0) this.#endData();
  }

  #endData(): void {
    this.#state = 'header';
    const padding = this.#has(flag.padded) ? this.#padding + 1 : 0;
    this.#sink.dataEnds(this.#streamId, padding, this.#has(flag.endStream));
  }

  #skip(): void {
    this.#sink.unknownFrame(this.#type);
    this.#left = this.#length;
    this.#state = this.#left === 0 ? 'header' : 'skip';
  }

  #hold(): void {
    this.#checkLength();
    this.#left = this.#length;
    if (this.#left === 0) {
      this.#complete(Buffer.alloc(0));
      return;
    }
    this.#state = 'payload';
  }

  /** Sizes that a type has (RFC 9113 section 6) and sizes that are too much. */
  #checkLength(): void {
    const length = this.#length;
    const wrong = (): never => {
      throw new ConnectionError(errorCode.frameSizeError, `frame of type ${this.#type} with ${length} bytes`);
    };
    const tooMuch = (): never => {
      throw new ConnectionError(errorCode.enhanceYourCalm, `frame of type ${this.#type} with ${length} bytes`);
    };
    switch (this.#type) {
      case frameType.headers:
      case frameType.continuation:
        if (this.#blockLength + length > this.#limits.maxHeaderBlock) tooMuch();
        return;
      case frameType.priority:
        // A wrong size ends the stream only; it is told once the payload has been passed over.
        if (length > this.#limits.maxControlPayload) tooMuch();
        return;
      case frameType.rstStream:
      case frameType.windowUpdate:
        if (length !== 4) wrong();
        return;
      case frameType.settings:
        if (length % 6 !== 0 || (this.#has(flag.ack) && length !== 0)) wrong();
        if (length > this.#limits.maxControlPayload) tooMuch();
        return;
      case frameType.ping:
        if (length !== 8) wrong();
        return;
      case frameType.goAway:
        if (length < 8) wrong();
        if (length > this.#limits.maxControlPayload) tooMuch();
        return;
    }
  }

  #readPayload(bytes: Buffer, at: number): number {
    const end = Math.min(bytes.length, at + this.#left);
    const filled = this.#length - this.#left;
    if (end - at === this.#length) {
      this.#complete(bytes.subarray(at, end));
      return end;
    }
    if (filled === 0) this.#payload = Buffer.allocUnsafe(this.#length);
    bytes.copy(this.#payload, filled, at, end);
    this.#left -= end - at;
    if (this.#left === 0) {
      const payload = this.#payload;
      this.#payload = Buffer.alloc(0);
      this.#complete(payload);
    }
    return end;
  }

  /** A frame that was held is there. */
  #complete(payload: Buffer): void {
    this.#state = 'header';
    const sink = this.#sink;
    switch (this.#type) {
      case frameType.headers:
        this.#beginBlock(this.#fragment(payload));
        return;
      case frameType.continuation:
        this.#continueBlock(payload);
        return;
      case frameType.priority:
        if (payload.length === 5) sink.priority(this.#streamId);
        else sink.streamError(this.#streamId, errorCode.frameSizeError);
        return;
      case frameType.rstStream:
        sink.streamReset(this.#streamId, payload.readUInt32BE(0));
        return;
      case frameType.settings:
        if (this.#has(flag.ack)) sink.settingsAcknowledged();
        else sink.settings(settingsOf(payload));
        return;
      case frameType.ping:
        if (this.#has(flag.ack)) sink.pingAnswered(payload);
        else sink.pinged(payload);
        return;
      case frameType.goAway:
        sink.wentAway(payload.readUInt32BE(0) & 0x7fff_ffff, payload.readUInt32BE(4));
        return;
      case frameType.windowUpdate:
        sink.windowOpened(this.#streamId, payload.readUInt32BE(0) & 0x7fff_ffff);
        return;
    }
  }

  /** The part of a HEADERS frame that belongs to the block (RFC 9113 section 6.2). */
  #fragment(payload: Buffer): Buffer {
    const padded = this.#has(flag.padded);
    const begin = (padded ? 1 : 0) + (this.#has(flag.priority) ? 5 : 0);
    if (payload.length < begin) throw new ConnectionError(errorCode.frameSizeError, 'HEADERS frame too short');
    const end = payload.length - (padded ? payload.readUInt8(0) : 0);
    if (end < begin) throw new ConnectionError(errorCode.protocolError, 'padding longer than its frame');
    return payload.subarray(begin, end);
  }

  #beginBlock(fragment: Buffer): void {
    const endStream = this.#has(flag.endStream);
    if (this.#has(flag.endHeaders)) {
      this.#sink.headerBlock(this.#streamId, fragment, endStream);
      return;
    }
    this.#block = [Buffer.from(fragment)];
    this.#blockStream = this.#streamId;
    this.#blockEndsStream = endStream;
    this.#blockLength = fragment.length;
  }

  #continueBlock(fragment: Buffer): void {
    const block = this.#block ?? [];
    block.push(Buffer.from(fragment));
    this.#blockLength += fragment.length;
    if (!this.#has(flag.endHeaders)) {
      if (block.length > this.#limits.maxContinuations) {
        throw new ConnectionError(errorCode.enhanceYourCalm, 'too many CONTINUATION frames');
      }
      return;
    }
    this.#block = undefined;
    this.#blockLength = 0;
    this.#sink.headerBlock(this.#streamId, Buffer.concat(block), this.#blockEndsStream);
  }

  #has(bit: number): boolean {
    return (this.#flags & bit) !== 0;
  }
}

function settingsOf(payload: Buffer): Setting[] {
  return Array.from({ length: payload.length / 6 }, (_, index) => ({
    id: payload.readUInt16BE(index * 6),
    value: payload.readUInt32BE(index * 6 + 2),
  }));
}
