import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { readDirectly } from '../socket/direct-reads.js';
import { Allowances } from './allowances.js';
import { FrameReader, type FrameSink, type Setting } from './frame-reader.js';
import { goAwayFrame, headersFrames, pingFrame, resetFrame, settingsAckFrame, windowUpdateFrame } from './frame-writer.js';
import { HpackDecoder } from './hpack/hpack-decoder.js';
import { HpackEncoder } from './hpack/hpack-encoder.js';
import { defaultHttp2Limits, type Http2Limits } from './limits.js';
import { type HeadResult, type MessageHead, type OutgoingHead, requestHead, responseHead } from './message-head.js';
import { openingFrames } from './opening-frames.js';
import { Output } from './output.js';
import { PeerSettings } from './peer-settings.js';
import { Pings } from './pings.js';
import { ConnectionError, errorCode, largest31 } from './protocol.js';
import { ReceiveWindow } from './receive-window.js';
import { ResetStreams } from './reset-streams.js';
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

/** From here on what is to be sent goes out at once. */
const bulkBytes = 4096;

/** What TLS decrypts at once (RFC 8446 section 5.1). */
const recordBytes = 16_384;

/** How long a peer may take to close after it has been told to, and to answer the first notice of a graceful end. */
const farewellMs = 1000;

/**
 * One end of an HTTP/2 connection that carries tunnels (RFC 9113): its streams and their states, from its beginning to its end. DATA goes from
 * the socket to the streams and back without a copy on the way in and with one on the way out.
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
  readonly #resets = new ResetStreams();
  readonly #window: ReceiveWindow;
  readonly #peer: PeerSettings;
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
  readonly #pings = new Pings();
  #current: TunnelStream | undefined;
  /** Of the DATA frame that is being read, padding included. */
  #currentLength = 0;
  readonly #allow: Allowances;
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
    this.#window = new ReceiveWindow(all.connectionWindow);
    this.#peer = new PeerSettings({ role, encoder: this.#encoder, output: this.#output, streams: this.#streams });
    this.#allow = new Allowances(all);
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
    return this.#peer.maxStreams;
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
    this.#output.control(pingFrame(this.#pings.next(answered), false));
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
    for (const frame of openingFrames(this.#role, this.#limits)) this.#output.control(frame);
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

  // --- FrameSink

  dataBegins(streamId: number, length: number): void {
    this.#window.received(length);
    const stream = this.#streams.get(streamId);
    this.#current = undefined;
    if (stream === undefined) {
      this.#checkClosed(streamId, 'DATA', length);
      this.consumed(length);
      return;
    }
    if (stream.remoteEnded) throw new ConnectionError(errorCode.streamClosed, 'DATA after the end of its stream');
    if (length === 0) this.#allow.spend('idleFrames', 'empty frames');
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
    if (padding > 0 && padding === this.#currentLength) this.#allow.spend('idleFrames', 'empty frames');
    if (!endStream) return;
    this.#allow.grant('idleFrames', 1);
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
    this.#allow.spend('idleFrames', 'HEADERS on closed streams');
  }

  priority(_streamId: number): void {
    this.#allow.spend('idleFrames', 'PRIORITY frames');
  }

  unknownFrame(_type: number): void {
    this.#allow.spend('idleFrames', 'frames of unknown types');
  }

  streamReset(streamId: number, code: number): void {
    const stream = this.#streams.get(streamId);
    if (stream === undefined) {
      this.#checkIdle(streamId, 'RST_STREAM');
      this.#allow.spend('idleFrames', 'resets of closed streams');
      return;
    }
    if (this.#role === 'server' && !stream.answered) this.#allow.spend('rapidResets', 'requests reset before they were answered');
    stream.resetReceived(code);
  }

  streamError(streamId: number, code: number): void {
    const stream = this.#streams.get(streamId);
    if (stream === undefined) this.#allow.spend('idleFrames', 'malformed frames');
    else this.#streamFailed(stream, code, 'malformed frame');
  }

  settings(settings: readonly Setting[]): void {
    this.#allow.spend('settings', 'SETTINGS frames');
    for (const each of settings) this.#peer.apply(each);
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
    this.#allow.spend('pings', 'PING frames');
    this.#output.control(pingFrame(payload, true));
  }

  pingAnswered(payload: Buffer): void {
    if (!this.#pings.answered(payload)) this.#allow.spend('idleFrames', 'answers to no PING');
  }

  wentAway(lastStreamId: number, _code: number): void {
    if (this.#peerWentAway) this.#allow.spend('idleFrames', 'GOAWAY frames');
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
    this.#allow.grant('windowUpdates', 4 * (this.#output.dataFrames - this.#countedDataFrames));
    this.#countedDataFrames = this.#output.dataFrames;
    this.#allow.spend('windowUpdates', 'WINDOW_UPDATE frames');
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
    const increment = this.#window.consumed(bytes);
    if (increment === 0) return;
    this.#output.control(windowUpdateFrame(0, increment));
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
      this.#allow.grant('rapidResets', 1);
      this.#allow.grant('idleFrames', 2);
      this.#allow.grant('windowUpdates', 4);
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
    const stream = new TunnelStream(this, id, { send: this.#peer.window, receive: this.#limits.streamWindow });
    this.#streams.set(id, stream);
    this.#alive += 1;
    this.#handlers.onStreams?.(this.#streams.size);
    return stream;
  }

  #requested(id: number, result: HeadResult, endStream: boolean): void {
    this.#lastPeerStream = id;
    const { maxConcurrentStreams, streamWindow } = this.#limits;
    if (this.#goAway === 'final' || this.#over) {
      this.#resets.remember(id, streamWindow);
      return;
    }
    // A stream that is over but still read counts for its memory.
    if (this.#streams.size >= maxConcurrentStreams || this.#alive >= 2 * maxConcurrentStreams) {
      this.#allow.spend('streamErrors', 'streams beyond the limit');
      this.#sendReset(id, errorCode.refusedStream, streamWindow);
      return;
    }
    if ('malformed' in result) {
      this.#allow.spend('streamErrors', 'malformed requests');
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
      this.#allow.spend('idleFrames', 'interim answers');
      if (endStream) this.#streamFailed(stream, errorCode.protocolError, 'interim answer that ends its stream');
      return;
    }
    stream.answered = true;
    stream.onAnswer?.(result.head);
    if (endStream && this.#streams.get(stream.id) === stream) stream.endReceived();
  }

  #streamFailed(stream: TunnelStream, code: number, message: string): void {
    this.#allow.spend('streamErrors', 'stream errors');
    stream.fail(code, message);
  }

  /** A frame on a stream that is not open: an error, or a remnant from before the peer knew that it was reset (RFC 9113 section 5.1). */
  #checkClosed(streamId: number, what: string, length: number): void {
    this.#checkIdle(streamId, what);
    if (!this.#resets.explains(streamId, length)) throw new ConnectionError(errorCode.streamClosed, `${what} on a closed stream`);
  }

  /** Frames on a stream that was never opened (RFC 9113 section 5.1). */
  #checkIdle(streamId: number, what: string): void {
    const ours = streamId % 2 === 1 && (this.#role === 'client' ? streamId < this.#nextStream : streamId <= this.#lastPeerStream);
    if (!ours) throw new ConnectionError(errorCode.protocolError, `${what} on a stream that is not open`);
  }

  #sendReset(id: number, code: number, window: number): void {
    this.#resets.remember(id, window);
    this.#output.control(resetFrame(id, code));
    this.#flush();
  }
}
