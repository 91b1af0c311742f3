import { duplexPair } from 'node:stream';
import {
  goAwayFrame,
  headersFrames,
  pingFrame,
  resetFrame,
  settingsAckFrame,
  settingsFrame,
  windowUpdateFrame,
} from '../../../src/http2/frame-writer.js';
import { HpackDecoder } from '../../../src/http2/hpack/hpack-decoder.js';
import { HpackEncoder } from '../../../src/http2/hpack/hpack-encoder.js';
import { Http2Connection } from '../../../src/http2/http2-connection.js';
import { ConnectionError, clientPreface } from '../../../src/http2/protocol.js';
import { rawFrame } from '../../http2/raw-peer.js';
import { eventsOf } from '../../http2/recorded-frames.js';
import { type FuzzTarget, holds, refusing } from '../fuzz-target.js';

const connect = [
  [':method', 'CONNECT'],
  [':authority', '10.0.0.1:80'],
] as const;
const block = (): Buffer => new HpackEncoder().encode(connect);

/** Heads of frames of every type, with payloads that their types know and others. */
const words = [
  settingsFrame([{ id: 4, value: 0 }]),
  settingsFrame([{ id: 4, value: 0x7fff_ffff }]),
  settingsFrame([{ id: 1, value: 0 }]),
  settingsFrame([{ id: 5, value: 16_384 }]),
  settingsAckFrame(),
  pingFrame(Buffer.alloc(8), false),
  resetFrame(1, 8),
  windowUpdateFrame(0, 1),
  windowUpdateFrame(1, 0x7fff_ffff),
  goAwayFrame(1, 0),
  headersFrames(1, block(), false, 16_384),
  headersFrames(3, block(), true, 5),
  rawFrame(0, 0, 1, 'data'),
  rawFrame(0, 1, 1, ''),
  rawFrame(0, 8, 1, '\x02xx\0\0'),
  rawFrame(2, 0, 1, '\0\0\0\0\0'),
  rawFrame(5, 4, 1, '1234'),
  rawFrame(9, 4, 1, ''),
  rawFrame(99, 0, 0, 'x'),
].map((bytes) => bytes.toString('latin1'));

const conversation = Buffer.concat([
  settingsFrame([{ id: 4, value: 65_535 }]),
  settingsAckFrame(),
  headersFrames(1, block(), false, 16_384),
  rawFrame(0, 0, 1, 'hello'),
  rawFrame(0, 9, 1, '\x01x\0'),
  headersFrames(3, block(), true, 4),
  resetFrame(3, 8),
]);
const seeds = (): Buffer[] => [conversation, Buffer.from(words.join(''), 'latin1')];

function cut(bytes: Buffer): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += 1 + ((bytes[at] ?? 0) % 13))
    pieces.push(bytes.subarray(at, at + 1 + ((bytes[at] ?? 0) % 13)));
  return pieces;
}

export const frames: FuzzTarget = {
  name: 'http2-frames',
  words,
  seeds,
  run: (bytes) => {
    const whole = eventsOf([bytes], 'frames');
    holds(JSON.stringify(eventsOf(cut(bytes), 'frames')) === JSON.stringify(whole), 'cuts between bytes change nothing');
    const last = whole.at(-1);
    holds(last?.[0] !== 'error' || last[1] === 'ConnectionError', 'only errors of the protocol are thrown');
  },
};

export const hpack: FuzzTarget = {
  name: 'hpack',
  words: [
    '\x82',
    '\xbe',
    '\x40',
    '\x00',
    '\x20',
    '\x3f\xe1\x1f',
    '\x80',
    '\x7f\xff\xff\xff\x0f',
    '\x81\xff',
    '\x84\xff\xff\xff\xff',
    block().toString('latin1'),
  ],
  seeds: () => [
    block(),
    Buffer.concat([block(), block()]),
    Buffer.from('40016100bebe', 'hex'),
    Buffer.from('20828684418cf1e3c2e5f23a6ba0ab90f4ff', 'hex'),
  ],
  run: (bytes) => {
    const limits = { maxHeaderListSize: 4096, maxHeaderFields: 30 };
    const decoder = new HpackDecoder(limits);
    // Two blocks on one table: the second one sees what the first has left there.
    for (const half of [bytes.subarray(0, bytes.length >> 1), bytes.subarray(bytes.length >> 1)]) {
      const accepted = refusing([ConnectionError], () => {
        const fields = decoder.decode(half);
        const size = fields.reduce((sum, [name, value]) => sum + name.length + value.length + 32, 0);
        holds(fields.length <= limits.maxHeaderFields && size <= limits.maxHeaderListSize, 'limits of lists are kept');
      });
      if (!accepted) return;
    }
  },
};

export const connections: FuzzTarget = {
  name: 'http2-connections',
  words,
  seeds,
  run: async (bytes) => {
    const [peer, socket] = duplexPair();
    peer.on('error', () => undefined);
    socket.on('error', () => undefined);
    peer.resume();
    let closed = 0;
    let highest = 0;
    const connection = new Http2Connection(
      socket,
      'server',
      {
        onRequest: (stream, head) => {
          stream.on('error', () => undefined);
          if (head[':method'] !== 'CONNECT') stream.refuse({ ':status': '400' });
          else {
            stream.respond({ ':status': '200' });
            stream.pipe(stream);
          }
        },
        onStreams: (open) => {
          highest = Math.max(highest, open);
        },
        onClose: () => {
          closed += 1;
        },
      },
      { maxConcurrentStreams: 5 },
    );
    peer.write(clientPreface);
    for (const piece of cut(bytes)) peer.write(piece);
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
    peer.end();
    await new Promise((resolve) => setImmediate(resolve));
    connection.destroy();
    socket.destroy();
    peer.destroy();
    holds(connection.over && closed === 1, 'a connection ends once');
    holds(highest <= 5 && connection.streams === 0, 'no more streams are open than may be, and none stays');
  },
};
