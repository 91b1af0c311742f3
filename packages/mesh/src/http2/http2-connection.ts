import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { readDirectly } from '../socket/direct-reads.js';
import { FrameReader, type FrameSink, type Setting } from './frame-reader.js';
import {
  goAwayFrame,
  headersFrames,
  pingFrame,
  resetFrame,
  settingsAckFrame,
  settingsFrame,
  windowUpdateFrame,
} from './frame-writer.js';
import { HpackDecoder } from './hpack/hpack-decoder.js';
import { HpackEncoder } from './hpack/hpack-encoder.js';
import { Allowance, defaultHttp2Limits, type Http2Limits } from './limits.js';
import { type HeadResult, type MessageHead, type OutgoingHead, requestHead, responseHead } from './message-head.js';
import { Output } from './output.js';
import { ConnectionError, clientPreface, defaultMaxFrameSize, defaultWindow, errorCode, largest31, setting } from './protocol.js';
import { type StreamLink, TunnelStream } from './tunnel-stream.js';

/** What a connection tells of. */
export interface Http2Handlers {
  /** A request has come (server). The stream is answered with `respond` or `refuse`, or destroyed. */
  readonly onRequest?: (stream: TunnelStream, head: MessageHead) => void;
  /** The peer's first SETTINGS are there. */
  readonly onReady?: () => void;
  /** The peer takes no new streams. */
  readonly onGoAway?: () => void;
  /** The number of streams that are open has changed. */
  readonly onStreams?: (open: number) => void;
  /** It is over; the error where the peer or this side broke it off. Called once. */
  readonly onClose?: (error: Error | undefined) => void;
}

/** What is limited by rate. */
type Limited = 'pings' | 'settings' | 'rapidResets' | 'idleFrames' | 'windowUpdates' | 'streamErrors';

/** Reset streams of which frames may still be under way; older ones are taken for closed. */
const mostRecentResets = 1000;

/** From here on what is to be sent goes out at once. */
const bulkBytes = 4096;

/** What TLS decrypts at once (RFC 8446 section 5.1). */
const recordBytes = 16_384;

/** How long a peer may take to close after it has been told to, and to answer the first notice of a graceful end. */
const farewellMs = 1000;

/**
 * One end of an HTTP/2 connection that carries tunnels (RFC 9113): settings, windows, streams and their states, the limits that a hostile
 * peer meets. DATA goes from the socket to the streams and back without a copy on the way in and with one on the way out.
 *
 * INVARIANT (one owner): a stream is in `#streams` from its first frame until both sides have ended it or one has reset it, and never
 * comes back; the peer's limit and ours count exactly these.
 */
export class Http2Connection implements FrameSink, StreamLink {
  readonly #socket: Duplex;
  readonly #role: 'client' | 'server';
  readonly #handlers: Http2Handlers;
  readonly #limits: Http2Limits;
  readonly #reader: FrameReader;
  readonly #output: Output;
  readonly #decoder: HpackDecoder;
  readonly #encoder = new HpackEncoder();
  readonly #streams = new Map<number, TunnelStream>();
  /** Streams whose `Duplex` is still in use, closed ones included. */
  #alive = 0;
  /** Streams that this side reset, with the bytes that the peer may have sent before it knew. */
  readonly #recentResets = new Map<number, number>();
  #receiveWindow: number;
  #unannounced = 0;
  #peerWindow = defaultWindow;
  #peerMaxStreams = Infinity;
  #lastPeerStream = 0;
  #nextStream = 1;
  #reading = false;
  #ready = false;
  #settingsAcknowledged = false;
  #goAway: 'no' | 'announced' | 'final' = 'no';
  #peerWentAway = false;
  /** The last stream in the final GOAWAY, which no later one may exceed. */
  #announcedLast: number | undefined;
  #over = false;
  #error: Error | undefined;
  readonly #pings = new Map<string, () => void>();
  #pingNumber = 0;
  #current: TunnelStream | undefined;
  /** Of the DATA frame that is being read, padding included. */
  #currentLength = 0;
  readonly #allow: Readonly<Record<Limited, Allowance>>;
  #countedDataFrames = 0;
  readonly #timers = new Set<NodeJS.Timeout>();
  #flushing: NodeJS.Immediate | undefined;

  constructor(socket: Duplex, role: 'client' | 'server', handlers: Http2Handlers, limits: Partial<Http2Limits> = {}) {
    const all = { ...defaultHttp2Limits, ...limits };
    this.#socket = socket;
    this.#role = role;
    this.#handlers = handlers;
    this.#limits = all;
    this.#reader = new FrameReader(
      this,
      { ...all, maxHeaderBlock: all.maxHeaderListSize },
      role === 'server' ? 'preface' : 'frames',
    );
    this.#decoder = new HpackDecoder(all);
    this.#output = new Output(socket, () => this.#endIfDone());
    this.#receiveWindow = all.connectionWindow;
    this.#allow = {
      pings: new Allowance(all.pings),
      settings: new Allowance(all.settings),
      rapidResets: new Allowance(all.rapidResets),
      idleFrames: new Allowance(all.idleFrames),
      windowUpdates: new Allowance(all.windowUpdates),
      streamErrors: new Allowance(all.streamErrors),
    };
    this.#begin();
  }

  /** Streams that are open. */
  get streams(): number {
    return this.#streams.size;
  }

  /** Whether it takes no new streams. */
  get closing(): boolean {
    return this.#over || this.#peerWentAway || this.#goAway !== 'no';
  }

  /** Whether it has ended. */
  get over(): boolean {
    return this.#over;
  }

  /** Streams that the peer allows at once. */
  get peerMaxStreams(): number {
    return this.#peerMaxStreams;
  }

  /** Opens a stream (client). The answer's head comes to `onAnswer`. */
  open(head: OutgoingHead): TunnelStream {
    const stream = this.#newStream(this.#nextStream);
    this.#nextStream += 2;
    this.#output.control(headersFrames(stream.id, this.#encoder.encode(Object.entries(head)), false, this.#output.maxFrameSize));
    this.#flushSoon();
    return stream;
  }

  /** Whether identifiers for new streams are left. */
  get exhausted(): boolean {
    return this.#nextStream > largest31;
  }

  /** Asks whether the peer is there. */
  ping(answered: () => void): void {
    const payload = Buffer.alloc(8);
    this.#pingNumber += 1;
    payload.writeUInt32BE(this.#pingNumber, 4);
    this.#pings.set(payload.toString('latin1'), answered);
    this.#output.control(pingFrame(payload, false));
    this.#flush();
  }

  /** Takes no new streams and ends when those that are open have ended (RFC 9113 section 6.8). */
  close(): void {
    if (this.#over || this.#goAway !== 'no') return;
    if (this.#role === 'client') {
      this.#finalGoAway();
      return;
    }
    // The client may have sent requests that are still under way: it is told first, and what it sent until it knew is served.
    this.#goAway = 'announced';
    this.#output.control(goAwayFrame(largest31, errorCode.noError));
    const final = (): void => this.#finalGoAway();
    this.#later(farewellMs, final);
    this.ping(final);
  }

  /** Ends it at once with all its streams. */
  destroy(error?: Error): void {
    if (this.#over) return;
    this.#output.control(goAwayFrame(this.#last(), errorCode.noError));
    this.#end(error, errorCode.cancel);
  }

  // --- what comes from the socket

  #begin(): void {
    const { streamWindow, connectionWindow, maxFrameSize, maxConcurrentStreams, maxHeaderListSize } = this.#limits;
    const settings = [
      { id: setting.enablePush, value: 0 },
      { id: setting.maxConcurrentStreams, value: this.#role === 'server' ? maxConcurrentStreams : 0 },
      { id: setting.initialWindowSize, value: streamWindow },
      { id: setting.maxFrameSize, value: maxFrameSize },
      { id: setting.maxHeaderListSize, value: maxHeaderListSize },
    ];
    if (this.#role === 'client') this.#output.control(clientPreface);
    // A server must not send ENABLE_PUSH with any value but 0; it need not send it (RFC 9113 section 6.5.2).
    this.#output.control(settingsFrame(this.#role === 'client' ? settings : settings.slice(1)));
    if (connectionWindow > defaultWindow) this.#output.control(windowUpdateFrame(0, connectionWindow - defaultWindow));
    const read = (bytes: Buffer): void => this.#read(bytes);
    // A buffer for each connection: what TLS decrypts may come while other bytes are still looked at.
    const direct = this.#socket instanceof Socket && readDirectly(this.#socket, Buffer.allocUnsafeSlow(recordBytes), read);
    if (!direct || this.#socket.readableLength > 0) this.#socket.on('data', read);
    this.#socket.on('end', () => this.#end(this.#streams.size > 0 ? new Error('connection closed by the peer') : undefined));
    this.#socket.on('error', (error) => this.#end(error));
    this.#socket.once('close', () => this.#end(this.#streams.size > 0 ? new Error('connection closed') : undefined));
    this.#later(this.#limits.prefaceTimeoutMs, () => {
      if (!this.#ready || !this.#settingsAcknowledged)
        this.#fail(new ConnectionError(errorCode.settingsTimeout, 'no SETTINGS in time'));
    });
    this.#socket.resume();
    this.#flush();
  }

  #read(bytes: Buffer): void {
    if (this.#over) return;
    this.#reading = true;
    try {
      this.#reader.read(bytes);
    } catch (error) {
      this.#fail(error instanceof ConnectionError ? error : new ConnectionError(errorCode.internalError, String(error)));
    }
    this.#reading = false;
    this.#flush();
  }

  /** The peer broke the protocol. */
  #fail(error: ConnectionError): void {
    if (this.#over) return;
    this.#output.control(goAwayFrame(this.#last(), error.code, error.message));
    this.#end(error, error.code);
  }

  #end(error: Error | undefined, code: number = errorCode.cancel): void {
    if (this.#over) return;
    this.#over = true;
    this.#error = error;
    this.#reader.stop();
    for (const timer of this.#timers) clearTimeout(timer);
    for (const stream of [...this.#streams.values()]) stream.resetReceived(code, error ?? new Error('connection closed'));
    this.#pings.clear();
    if (this.#socket.destroyed) this.#output.abandon();
    else {
      this.#output.end();
      // What the peer still sends is read and dropped: closing over unread bytes would make the kernel drop our last frame.
      this.#socket.resume();
      const timer = setTimeout(() => this.#socket.destroy(), farewellMs).unref();
      this.#socket.once('end', () => this.#socket.destroy());
      this.#socket.once('close', () => clearTimeout(timer));
    }
    this.#handlers.onClose?.(this.#error);
  }

  #finalGoAway(): void {
    if (this.#over || this.#goAway === 'final') return;
    this.#goAway = 'final';
    this.#announcedLast = this.#lastPeerStream;
    this.#output.control(goAwayFrame(this.#announcedLast, errorCode.noError));
    this.#flush();
    this.#endIfDone();
  }

  /** The last stream that this side has looked at. */
  #last(): number {
    return this.#announcedLast ?? this.#lastPeerStream;
  }

  #endIfDone(): void {
    const leaving = this.#goAway === 'final' || this.#peerWentAway;
    if (leaving && this.#streams.size === 0 && this.#output.idle) this.#end(undefined);
  }

  #flush(): void {
    if (this.#reading || this.#over) return;
    this.#output.flush();
    if (this.#output.waiting > this.#limits.maxQueuedControl) {
      this.#fail(new ConnectionError(errorCode.enhanceYourCalm, 'the peer does not read its answers'));
    }
  }

  /** At the end of the turn: what all the sockets of a turn bring goes out in one write. */
  #flushSoon(): void {
    this.#flushing ??= setImmediate(() => {
      this.#flushing = undefined;
      this.#flush();
    });
  }

  #later(milliseconds: number, act: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      act();
    }, milliseconds).unref();
    this.#timers.add(timer);
  }

  #spend(what: Limited, description: string): void {
    if (!this.#allow[what].take()) throw new ConnectionError(errorCode.enhanceYourCalm, `too many ${description}`);
  }

  // --- FrameSink

  dataBegins(streamId: number, length: number): void {
    this.#receiveWindow -= length;
    if (this.#receiveWindow < 0) throw new ConnectionError(errorCode.flowControlError, 'connection window exceeded');
    const stream = this.#streams.get(streamId);
    this.#current = undefined;
    if (stream === undefined) {
      this.#checkClosed(streamId, 'DATA', length);
      this.consumed(length);
      return;
    }
    if (stream.remoteEnded) throw new ConnectionError(errorCode.streamClosed, 'DATA after the end of its stream');
    if (length === 0) this.#spend('idleFrames', 'empty frames');
    this.#currentLength = length;
    if (!stream.reserve(length)) {
      this.#streamFailed(stream, errorCode.flowControlError, 'stream window exceeded');
      return;
    }
    this.#current = stream;
  }

  dataPiece(_streamId: number, piece: Buffer): void {
    this.#current?.received(piece);
  }

  dataEnds(_streamId: number, padding: number, endStream: boolean): void {
    const stream = this.#current;
    // Destroyed in the meantime, it has given everything back.
    if (stream === undefined) return;
    if (padding > 0 && !stream.destroyed) stream.consumed(padding);
    // Frames of nothing but padding are as empty as those without.
    if (padding > 0 && padding === this.#currentLength) this.#spend('idleFrames', 'empty frames');
    if (!endStream) return;
    this.#allow.idleFrames.grant(1);
    if (this.#streams.get(stream.id) === stream) stream.endReceived();
  }

  headerBlock(streamId: number, block: Buffer, endStream: boolean): void {
    // Decoded whatever becomes of it: the table is one for all streams.
    const fields = this.#decoder.decode(block);
    const stream = this.#streams.get(streamId);
    if (stream !== undefined) {
      if (stream.remoteEnded) throw new ConnectionError(errorCode.streamClosed, 'HEADERS after the end of their stream');
      // On an open tunnel there is nothing but DATA (RFC 9113 section 8.5).
      if (this.#role === 'server' || stream.answered) this.#streamFailed(stream, errorCode.protocolError, 'HEADERS on a tunnel');
      else this.#answered(stream, responseHead(fields), endStream);
      return;
    }
    if (this.#role === 'server' && streamId % 2 === 1 && streamId > this.#lastPeerStream) {
      this.#requested(streamId, requestHead(fields), endStream);
      return;
    }
    this.#checkClosed(streamId, 'HEADERS', 0);
    this.#spend('idleFrames', 'HEADERS on closed streams');
  }

  priority(_streamId: number): void {
    this.#spend('idleFrames', 'PRIORITY frames');
  }

  unknownFrame(_type: number): void {
    this.#spend('idleFrames', 'frames of unknown types');
  }

  streamReset(streamId: number, code: number): void {
    const stream = this.#streams.get(streamId);
    if (stream === undefined) {
      this.#checkIdle(streamId, 'RST_STREAM');
      this.#spend('idleFrames', 'resets of closed streams');
      return;
    }
    if (this.#role === 'server' && !stream.answered) this.#spend('rapidResets', 'requests reset before they were answered');
    stream.resetReceived(code);
  }

  streamError(streamId: number, code: number): void {
    const stream = this.#streams.get(streamId);
    if (stream === undefined) this.#spend('idleFrames', 'malformed frames');
    else this.#streamFailed(stream, code, 'malformed frame');
  }

  settings(settings: readonly Setting[]): void {
    this.#spend('settings', 'SETTINGS frames');
    for (const { id, value } of settings) this.#apply(id, value);
    this.#output.control(settingsAckFrame());
    if (this.#ready) return;
    this.#ready = true;
    this.#handlers.onReady?.();
  }

  settingsAcknowledged(): void {
    if (this.#settingsAcknowledged) throw new ConnectionError(errorCode.protocolError, 'SETTINGS acknowledged twice');
    this.#settingsAcknowledged = true;
  }

  pinged(payload: Buffer): void {
    this.#spend('pings', 'PING frames');
    this.#output.control(pingFrame(payload, true));
  }

  pingAnswered(payload: Buffer): void {
    const key = payload.toString('latin1');
    const answered = this.#pings.get(key);
    if (answered === undefined) {
      this.#spend('idleFrames', 'answers to no PING');
      return;
    }
    this.#pings.delete(key);
    answered();
  }

  wentAway(lastStreamId: number, _code: number): void {
    if (this.#peerWentAway) this.#spend('idleFrames', 'GOAWAY frames');
    this.#peerWentAway = true;
    if (this.#role === 'client') {
      // What it has not looked at may be tried elsewhere (RFC 9113 section 6.8).
      for (const stream of [...this.#streams.values()]) {
        if (stream.id > lastStreamId) stream.resetReceived(errorCode.refusedStream, new Error('connection is going away'));
      }
    }
    this.#handlers.onGoAway?.();
    this.#endIfDone();
  }

  windowOpened(streamId: number, increment: number): void {
    this.#allow.windowUpdates.grant(4 * (this.#output.dataFrames - this.#countedDataFrames));
    this.#countedDataFrames = this.#output.dataFrames;
    this.#spend('windowUpdates', 'WINDOW_UPDATE frames');
    if (streamId === 0) {
      if (increment === 0) throw new ConnectionError(errorCode.protocolError, 'WINDOW_UPDATE of 0');
      this.#output.window += increment;
      if (this.#output.window > largest31) throw new ConnectionError(errorCode.flowControlError, 'window too large');
      return;
    }
    const stream = this.#streams.get(streamId);
    if (stream === undefined) {
      this.#checkIdle(streamId, 'WINDOW_UPDATE');
      return;
    }
    stream.sendWindow += increment;
    if (increment === 0) this.#streamFailed(stream, errorCode.protocolError, 'WINDOW_UPDATE of 0');
    else if (stream.sendWindow > largest31) this.#streamFailed(stream, errorCode.flowControlError, 'window too large');
    else this.#output.schedule(stream);
  }

  // --- StreamLink

  ready(stream: TunnelStream): void {
    this.#output.schedule(stream);
    // Bulk data does not wait: behind what waits, others' bytes would have to be copied once more.
    if (stream.sendable < bulkBytes) this.#flushSoon();
    else this.#flush();
  }

  take(stream: TunnelStream, chunk: Buffer): number {
    // What waits for the end of the turn goes first.
    if (this.#flushing !== undefined) this.#flush();
    const taken = this.#over ? 0 : this.#output.take(stream, chunk);
    this.#flush();
    return taken;
  }

  consumed(bytes: number): void {
    this.#unannounced += bytes;
    if (this.#unannounced < this.#limits.connectionWindow / 4) return;
    this.#output.control(windowUpdateFrame(0, this.#unannounced));
    this.#receiveWindow += this.#unannounced;
    this.#unannounced = 0;
    this.#flush();
  }

  sendHead(stream: TunnelStream, head: OutgoingHead, endStream: boolean): void {
    const block = this.#encoder.encode(Object.entries(head));
    this.#output.control(headersFrames(stream.id, block, endStream, this.#output.maxFrameSize));
    if (!endStream) this.#flushSoon();
  }

  sendReset(stream: TunnelStream, code: number): void {
    this.#sendReset(stream.id, code, stream.receiveWindow);
  }

  sendWindowUpdate(stream: TunnelStream, increment: number): void {
    this.#output.control(windowUpdateFrame(stream.id, increment));
    this.#flush();
  }

  closed(stream: TunnelStream): void {
    if (!this.#streams.delete(stream.id)) return;
    if (stream.answered) {
      // Whoever uses tunnels earns what using them brings with it.
      this.#allow.rapidResets.grant(1);
      this.#allow.idleFrames.grant(2);
      this.#allow.windowUpdates.grant(4);
    }
    this.#flush();
    this.#handlers.onStreams?.(this.#streams.size);
    this.#endIfDone();
  }

  released(): void {
    this.#alive -= 1;
  }

  // --- streams

  #newStream(id: number): TunnelStream {
    const stream = new TunnelStream(this, id, { send: this.#peerWindow, receive: this.#limits.streamWindow });
    this.#streams.set(id, stream);
    this.#alive += 1;
    this.#handlers.onStreams?.(this.#streams.size);
    return stream;
  }

  #requested(id: number, result: HeadResult, endStream: boolean): void {
    this.#lastPeerStream = id;
    const { maxConcurrentStreams, streamWindow } = this.#limits;
    if (this.#goAway === 'final' || this.#over) {
      this.#remember(id, streamWindow);
      return;
    }
    // A stream that is over but still read counts for its memory.
    if (this.#streams.size >= maxConcurrentStreams || this.#alive >= 2 * maxConcurrentStreams) {
      this.#spend('streamErrors', 'streams beyond the limit');
      this.#sendReset(id, errorCode.refusedStream, streamWindow);
      return;
    }
    if ('malformed' in result) {
      this.#spend('streamErrors', 'malformed requests');
      this.#sendReset(id, errorCode.protocolError, streamWindow);
      return;
    }
    const stream = this.#newStream(id);
    if (endStream) stream.endReceived();
    this.#handlers.onRequest?.(stream, result.head);
  }

  #answered(stream: TunnelStream, result: HeadResult, endStream: boolean): void {
    if ('malformed' in result) {
      this.#streamFailed(stream, errorCode.protocolError, `malformed answer: ${result.malformed}`);
      return;
    }
    if (result.head[':status']?.startsWith('1')) {
      this.#spend('idleFrames', 'interim answers');
      if (endStream) this.#streamFailed(stream, errorCode.protocolError, 'interim answer that ends its stream');
      return;
    }
    stream.answered = true;
    stream.onAnswer?.(result.head);
    if (endStream && this.#streams.get(stream.id) === stream) stream.endReceived();
  }

  #streamFailed(stream: TunnelStream, code: number, message: string): void {
    this.#spend('streamErrors', 'stream errors');
    stream.fail(code, message);
  }

  /** A frame on a stream that is not open: an error, or a remnant from before the peer knew that it was reset (RFC 9113 section 5.1). */
  #checkClosed(streamId: number, what: string, length: number): void {
    this.#checkIdle(streamId, what);
    const left = (this.#recentResets.get(streamId) ?? -1) - length;
    if (left < 0) throw new ConnectionError(errorCode.streamClosed, `${what} on a closed stream`);
    this.#recentResets.set(streamId, left);
  }

  /** Frames on a stream that was never opened (RFC 9113 section 5.1). */
  #checkIdle(streamId: number, what: string): void {
    const ours = streamId % 2 === 1 && (this.#role === 'client' ? streamId < this.#nextStream : streamId <= this.#lastPeerStream);
    if (!ours) throw new ConnectionError(errorCode.protocolError, `${what} on a stream that is not open`);
  }

  #sendReset(id: number, code: number, window: number): void {
    this.#remember(id, window);
    this.#output.control(resetFrame(id, code));
    this.#flush();
  }

  /** Notes how much of a stream may still be under way when this side has given it up. */
  #remember(id: number, window: number): void {
    this.#recentResets.set(id, Math.max(0, window));
    const [oldest] = this.#recentResets.keys();
    if (this.#recentResets.size > mostRecentResets && oldest !== undefined) this.#recentResets.delete(oldest);
  }

  /** A setting of the peer (RFC 9113 section 6.5.2). */
  #apply(id: number, value: number): void {
    switch (id) {
      case setting.headerTableSize:
        this.#encoder.limitTable(value);
        return;
      case setting.enablePush:
        if (value > 1 || (value === 1 && this.#role === 'client'))
          throw new ConnectionError(errorCode.protocolError, 'ENABLE_PUSH');
        return;
      case setting.maxConcurrentStreams:
        this.#peerMaxStreams = value;
        return;
      case setting.initialWindowSize:
        this.#changePeerWindow(value);
        return;
      case setting.maxFrameSize:
        if (value < defaultMaxFrameSize || value > 0xff_ffff)
          throw new ConnectionError(errorCode.protocolError, 'MAX_FRAME_SIZE');
        this.#output.maxFrameSize = value;
    }
  }

  #changePeerWindow(size: number): void {
    if (size > largest31) throw new ConnectionError(errorCode.flowControlError, 'INITIAL_WINDOW_SIZE');
    for (const stream of this.#streams.values()) {
      stream.sendWindow += size - this.#peerWindow;
      if (stream.sendWindow > largest31) throw new ConnectionError(errorCode.flowControlError, 'window too large');
      this.#output.schedule(stream);
    }
    this.#peerWindow = size;
  }
}
