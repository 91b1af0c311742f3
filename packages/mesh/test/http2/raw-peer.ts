import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import type { Credentials } from '../../src/gate.js';
import { FrameReader } from '../../src/http2/frame-reader.js';
import { headersFrames, settingsAckFrame, settingsFrame, writeFrameHeader } from '../../src/http2/frame-writer.js';
import type { HeaderField } from '../../src/http2/hpack/dynamic-table.js';
import { HpackEncoder } from '../../src/http2/hpack/hpack-encoder.js';
import { clientPreface } from '../../src/http2/protocol.js';
import { type FrameEvent, RecordedFrames, roomy } from './recorded-frames.js';

/** A client that sends whatever bytes a test wants, in real mutual TLS. */
export class RawPeer {
  readonly socket: TLSSocket;
  readonly events: readonly FrameEvent[];
  readonly #encoder = new HpackEncoder();
  readonly #waiting = new Set<() => void>();
  #closed = false;

  private constructor(socket: TLSSocket) {
    this.socket = socket;
    const record = new RecordedFrames(() => this.#look());
    this.events = record.events;
    const reader = new FrameReader(record, { ...roomy, maxFrameSize: 2 ** 24 }, 'frames');
    socket.on('data', (bytes: Buffer) => reader.read(bytes));
    socket.on('error', () => undefined);
    socket.once('close', () => {
      this.#closed = true;
      this.#look();
    });
  }

  static async connect(port: number, credentials: Credentials, localAddress = '127.0.0.1', host = '127.0.0.1'): Promise<RawPeer> {
    const raw = connectTcp({ host, port, localAddress });
    raw.on('error', () => undefined);
    const socket = connect({
      socket: raw,
      key: credentials.key,
      cert: credentials.chain,
      ca: credentials.bundle,
      ALPNProtocols: ['h2'],
      checkServerIdentity: () => undefined,
    });
    const gone = once(socket, 'close').then(() => Promise.reject(new Error('closed in the handshake')));
    await Promise.race([once(socket, 'secureConnect'), gone]);
    gone.catch(() => undefined);
    return new RawPeer(socket);
  }

  /** Preface, SETTINGS, and the acknowledgement of the server's. */
  async begin(settings: readonly { readonly id: number; readonly value: number }[] = []): Promise<this> {
    this.send(clientPreface, settingsFrame(settings));
    await this.until(([what]) => what === 'settings');
    this.send(settingsAckFrame());
    return this;
  }

  send(...frames: readonly Buffer[]): void {
    if (!this.socket.destroyed) this.socket.write(Buffer.concat(frames));
  }

  /** A header block, and HEADERS that hold it. */
  block(fields: readonly HeaderField[]): Buffer {
    return this.#encoder.encode(fields);
  }

  /** A CONNECT on this stream. */
  request(streamId: number, fields: readonly HeaderField[] = connectFields, endStream = false): Buffer {
    return headersFrames(streamId, this.block(fields), endStream, 16_384);
  }

  /** Resolves with the first event of this kind, past or to come; rejects if the connection closes without. */
  async until(matches: (event: FrameEvent) => boolean): Promise<FrameEvent> {
    for (;;) {
      const found = this.events.find(matches);
      if (found !== undefined) return found;
      if (this.#closed) throw new Error(`closed after ${JSON.stringify(this.events.slice(-5))}`);
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  /** The error code of the GOAWAY with which the server ends the connection, once it has closed. */
  async ending(): Promise<unknown> {
    const event = await this.until(([what, , code]) => what === 'goaway' && code !== 0);
    if (!this.#closed) await once(this.socket, 'close');
    return event[2];
  }

  #look(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}

export const connectFields: readonly HeaderField[] = [
  [':method', 'CONNECT'],
  [':authority', '10.0.0.1:80'],
];

/** A frame of any kind. */
export function rawFrame(type: number, flags: number, streamId: number, payload: Buffer | string = ''): Buffer {
  const body = Buffer.from(payload as string, 'latin1');
  const bytes = Buffer.alloc(9 + body.length);
  writeFrameHeader(bytes, 0, body.length, type, flags, streamId);
  body.copy(bytes, 9);
  return bytes;
}
