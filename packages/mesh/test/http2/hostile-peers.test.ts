import { once } from 'node:events';
import { connect } from 'node:net';
import type { Permit } from '@sallyport/policy';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { HbonePool } from '../../src/hbone/hbone-pool.js';
import { HboneServer, type HboneServerOptions } from '../../src/hbone/hbone-server.js';
import {
  headersFrames,
  pingFrame,
  resetFrame,
  settingsAckFrame,
  settingsFrame,
  windowUpdateFrame,
  writeFrameHeader,
} from '../../src/http2/frame-writer.js';
import { defaultHttp2Limits } from '../../src/http2/limits.js';
import { clientPreface, errorCode, flag, frameType } from '../../src/http2/protocol.js';
import { PeerJudge } from '../../src/identity/peer-judge.js';
import { closed, readSome, untilTrue } from '../support/await-event.js';
import { TestAuthority } from '../support/test-authority.js';
import { connectFields, RawPeer, rawFrame } from './raw-peer.js';

const client = 'spiffe://cluster.local/ns/a/sa/client';
const gate = 'spiffe://cluster.local/ns/b/sa/server';
const permit: Permit = { effect: 'allow', reason: 'no-policy', audit: [] };
const peers = new PeerJudge({ trustDomains: () => ['cluster.local'] });

let authority: TestAuthority;
beforeAll(async () => {
  authority = await TestAuthority.create();
});

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A gate that echoes, an honest tunnel through it, and a hostile connection to it. */
async function scene(more: Partial<HboneServerOptions> = {}) {
  const server = await HboneServer.listen({
    address: '127.0.0.1',
    port: 0,
    identity: gate,
    credentials: authority,
    peers,
    handler: (request) => {
      const stream = request.accept();
      stream.pipe(stream);
    },
    ...more,
  });
  cleanups.push(() => server.close(0));
  const pool = new HbonePool({ credentials: authority, peers });
  cleanups.push(() => pool.close());
  const target = { permit, identity: client, address: '127.0.0.1', port: server.port, expectedIdentities: [gate] };
  const { stream: honest } = await pool.connect({ ...target, authority: '10.0.0.1:80' });
  const peer = await RawPeer.connect(server.port, await authority.fetch(client));
  cleanups.push(() => peer.socket.destroy());
  const unharmed = async (): Promise<void> => {
    honest.write('still here');
    expect(await readSome(honest)).toBe('still here');
  };
  return { server, peer, unharmed };
}

const many = (count: number, frame: (index: number) => Buffer): Buffer =>
  Buffer.concat(Array.from({ length: count }, (_, i) => frame(i)));
const data = (streamId: number, text: string | Buffer, flags = 0): Buffer => rawFrame(frameType.data, flags, streamId, text);
const headOnly = (length: number, type: number, streamId: number, flags = 0): Buffer => {
  const bytes = Buffer.alloc(9);
  writeFrameHeader(bytes, 0, length, type, flags, streamId);
  return bytes;
};
const { calm, protocol, flow, size, done, compression } = {
  calm: errorCode.enhanceYourCalm,
  protocol: errorCode.protocolError,
  flow: errorCode.flowControlError,
  size: errorCode.frameSizeError,
  done: errorCode.streamClosed,
  compression: errorCode.compressionError,
};

/** What a hostile client sends after its preface, and the code with which that ends its connection. */
const attacks: readonly (readonly [string, number, (peer: RawPeer) => Buffer])[] = [
  ['a flood of PING', calm, () => many(200, () => pingFrame(Buffer.alloc(8), false))],
  ['a flood of SETTINGS', calm, () => many(40, () => settingsFrame([]))],
  ['a flood of PRIORITY', calm, () => many(1500, () => rawFrame(frameType.priority, 0, 1, '\0\0\0\0\0'))],
  ['a flood of frames of unknown types', calm, () => many(1500, () => rawFrame(99, 0, 0, 'x'))],
  ['a flood of empty DATA', calm, (peer) => Buffer.concat([peer.request(1), many(1500, () => data(1, ''))])],
  [
    'a flood of DATA that is all padding',
    calm,
    (peer) => Buffer.concat([peer.request(1), many(1500, () => rawFrame(frameType.data, flag.padded, 1, '\x03\0\0\0'))]),
  ],
  [
    'a flood of GOAWAY',
    calm,
    (peer) => Buffer.concat([peer.request(1), many(1500, () => rawFrame(frameType.goAway, 0, 0, '\0'.repeat(8)))]),
  ],
  ['a flood of answers to no PING', calm, () => many(1500, () => pingFrame(Buffer.alloc(8), true))],
  ['a flood of WINDOW_UPDATE', calm, (peer) => Buffer.concat([peer.request(1), many(3500, () => windowUpdateFrame(1, 1))])],
  [
    'requests that it resets at once (rapid reset)',
    calm,
    (peer) => many(400, (index) => Buffer.concat([peer.request(2 * index + 1), resetFrame(2 * index + 1, errorCode.cancel)])),
  ],
  ['more streams than it may have, again and again', calm, (peer) => many(700, (index) => peer.request(2 * index + 1))],
  ['malformed requests, again and again', calm, (peer) => many(400, (index) => peer.request(2 * index + 1, [['x', 'y']]))],
  [
    'a header block in endless pieces',
    calm,
    (peer) =>
      Buffer.concat([
        peer.request(1).subarray(0, 0),
        rawFrame(frameType.headers, 0, 1, peer.block(connectFields)),
        many(20, () => rawFrame(frameType.continuation, 0, 1)),
      ]),
  ],
  ['a header block that is too large', calm, () => headOnly(65_537, frameType.headers, 1, flag.endHeaders)],
  [
    'a header list that grows by references (HPACK bomb)',
    calm,
    () => headersFrames(1, Buffer.concat([Buffer.from('40016100', 'hex'), Buffer.alloc(2000, 0xbe)]), false, 16_384),
  ],
  ['a header block that is no HPACK', compression, () => headersFrames(1, Buffer.from([0x80]), false, 16_384)],
  ['a frame beyond the announced size', size, () => headOnly(1024 * 1024 + 1, frameType.data, 1)],
  ['a WINDOW_UPDATE of 0 for the connection', protocol, () => windowUpdateFrame(0, 0)],
  ['a window of the connection beyond 2^31-1', flow, () => windowUpdateFrame(0, 0x7fff_ffff)],
  ['a first window beyond 2^31-1', flow, () => settingsFrame([{ id: 4, value: 0x8000_0000 }])],
  [
    'windows of streams beyond 2^31-1 by SETTINGS',
    flow,
    (peer) => Buffer.concat([peer.request(1), windowUpdateFrame(1, 0x7fff_0000), settingsFrame([{ id: 4, value: 0x7fff_ffff }])]),
  ],
  ['a largest frame below 16,384', protocol, () => settingsFrame([{ id: 5, value: 16_383 }])],
  ['an ENABLE_PUSH of 2', protocol, () => settingsFrame([{ id: 2, value: 2 }])],
  ['a second acknowledgement of SETTINGS', protocol, () => Buffer.concat([settingsAckFrame(), settingsAckFrame()])],
  ['an even stream', protocol, (peer) => peer.request(2)],
  ['a stream with a smaller number', done, (peer) => Buffer.concat([peer.request(5), peer.request(3)])],
  ['DATA on a stream that it never opened', protocol, () => data(7, 'x')],
  ['RST_STREAM on a stream that it never opened', protocol, () => resetFrame(7, 0)],
  ['WINDOW_UPDATE on a stream that it never opened', protocol, () => windowUpdateFrame(7, 1)],
  ['DATA after it has ended the stream', done, (peer) => Buffer.concat([peer.request(1, connectFields, true), data(1, 'x')])],
  ['DATA after it has reset the stream', done, (peer) => Buffer.concat([peer.request(1), resetFrame(1, 8), data(1, 'x')])],
  [
    'DATA without end on a stream that we have reset',
    done,
    (peer) => Buffer.concat([peer.request(1, [['x', 'y']]), many(6, () => data(1, Buffer.alloc(1024 * 1024)))]),
  ],
  ['PUSH_PROMISE', protocol, () => rawFrame(frameType.pushPromise, 4, 1, '1234')],
  [
    'another frame inside a header block',
    protocol,
    (peer) => Buffer.concat([rawFrame(frameType.headers, 0, 1, peer.block(connectFields)), pingFrame(Buffer.alloc(8), false)]),
  ],
];

describe('an HBONE server and a hostile client', () => {
  for (const [what, code, attack] of attacks) {
    it(`ends a connection with ${what}, and no other`, async () => {
      const { peer, unharmed } = await scene();
      await peer.begin();
      peer.send(attack(peer));
      expect(await peer.ending()).toBe(code);
      await unharmed();
    });
  }

  it('ends a connection that exceeds the window of the connection', async () => {
    const limits = { connectionWindow: 100_000, streamWindow: 200_000 };
    // Nobody reads what comes: the window stays taken.
    const { peer } = await scene({ limits, handler: (request) => void request.accept() });
    await peer.begin();
    peer.send(peer.request(1), data(1, Buffer.alloc(100_001)));
    expect(await peer.ending()).toBe(flow);
  });

  it('resets a stream that exceeds its window, and the connection goes on', async () => {
    const { peer } = await scene({ limits: { streamWindow: 70_000 }, handler: (request) => void request.accept() });
    await peer.begin();
    peer.send(peer.request(1), peer.request(3), data(1, Buffer.alloc(70_001)));
    expect(await peer.until(([frame, id]) => frame === 'reset' && id === 1)).toEqual(['reset', 1, flow]);
    peer.send(pingFrame(Buffer.from('12345678'), false));
    await peer.until(([frame]) => frame === 'ping-ack');
  });

  const ofOneStream: readonly (readonly [string, number, (peer: RawPeer) => Buffer])[] = [
    ['a WINDOW_UPDATE of 0', protocol, () => windowUpdateFrame(1, 0)],
    ['a window beyond 2^31-1', flow, () => windowUpdateFrame(1, 0x7fff_ffff)],
    ['HEADERS on its open tunnel', protocol, (peer) => peer.request(1, [['x', 'y']], true)],
    ['a PRIORITY of four bytes', size, () => rawFrame(frameType.priority, 0, 1, '1234')],
  ];
  for (const [what, code, attack] of ofOneStream) {
    it(`resets a stream with ${what}, and the others go on`, async () => {
      const { peer, unharmed } = await scene();
      await peer.begin();
      peer.send(peer.request(1), peer.request(3));
      peer.send(attack(peer));
      expect(await peer.until(([frame, id]) => frame === 'reset' && id === 1)).toEqual(['reset', 1, code]);
      peer.send(data(3, 'echo'));
      expect(await peer.until(([frame, id]) => frame === 'data' && id === 3)).toEqual(['data', 3, 'echo', 0, false]);
      await unharmed();
    });
  }

  it('refuses streams beyond its limit one by one, and serves the others', async () => {
    const { peer } = await scene({ limits: { maxConcurrentStreams: 2 } });
    await peer.begin();
    peer.send(peer.request(1), peer.request(3), peer.request(5), data(3, 'x'));
    expect(await peer.until(([frame]) => frame === 'reset')).toEqual(['reset', 5, errorCode.refusedStream]);
    await peer.until(([frame, id]) => frame === 'data' && id === 3);
    // One that has ended makes room.
    peer.send(resetFrame(1, errorCode.cancel), peer.request(7), data(7, 'y'));
    await peer.until(([frame, id]) => frame === 'data' && id === 7);
  });

  const malformed: readonly (readonly [string, readonly (readonly [string, string])[]])[] = [
    ['without a method', [[':authority', 'a:1']]],
    ['of CONNECT without an authority', [[':method', 'CONNECT']]],
    ['of CONNECT with a path', [...connectFields, [':path', '/']]],
    ['of CONNECT with a protocol', [...connectFields, [':protocol', 'websocket']]],
    ['with two authorities', [...connectFields, [':authority', 'b:1']]],
    [
      'with a pseudo-header field at the end',
      [
        [':method', 'CONNECT'],
        ['x', 'y'],
        [':authority', 'a:1'],
      ],
    ],
    ['with a capital letter in a name', [...connectFields, ['X', 'y']]],
    ['with an empty name', [...connectFields, ['', 'y']]],
    ['with a line break in a value', [...connectFields, ['x', 'y\r\nz: 1']]],
    ['with a NUL in a value', [...connectFields, ['x', 'y\0']]],
    ['with a blank around a value', [...connectFields, ['x', ' y']]],
    ['with a field of HTTP/1.1', [...connectFields, ['transfer-encoding', 'chunked']]],
  ];
  for (const [what, fields] of malformed) {
    it(`resets a request ${what} without handling it`, async () => {
      let handled = 0;
      const { peer } = await scene({
        handler: (request) => {
          handled += 1;
          request.accept();
        },
      });
      await peer.begin();
      peer.send(peer.request(1, fields));
      expect(await peer.until(([frame]) => frame === 'reset')).toEqual(['reset', 1, protocol]);
      // The honest tunnel only.
      expect(handled).toBe(1);
    });
  }

  it('answers a method other than CONNECT with 400', async () => {
    const { peer } = await scene();
    await peer.begin();
    const get = [
      [':method', 'GET'],
      [':scheme', 'https'],
      [':path', '/'],
      [':authority', 'a'],
    ] as const;
    peer.send(peer.request(1, get, true));
    const answer = await peer.until(([frame]) => frame === 'headers');
    expect(answer.slice(0, 2)).toEqual(['headers', 1]);
    // Index 12 of the static table.
    expect(answer[2]).toBe('\x8c');
  });

  const prefaces: readonly (readonly [string, readonly Buffer[], number])[] = [
    ['HTTP/1.1', [Buffer.from('GET / HTTP/1.1\r\n\r\n')], protocol],
    ['a preface without SETTINGS', [clientPreface, pingFrame(Buffer.alloc(8), false)], protocol],
    ['nothing at all', [], errorCode.settingsTimeout],
    ['half a preface', [clientPreface.subarray(0, 10)], errorCode.settingsTimeout],
    [
      'a preface and half of SETTINGS',
      [clientPreface, settingsFrame([{ id: 4, value: 1 }]).subarray(0, 12)],
      errorCode.settingsTimeout,
    ],
    ['SETTINGS, and no acknowledgement of ours', [clientPreface, settingsFrame([])], errorCode.settingsTimeout],
  ];
  for (const [what, bytes, code] of prefaces) {
    it(`ends a connection that begins with ${what}`, async () => {
      const { peer, unharmed } = await scene({ limits: { prefaceTimeoutMs: 1000 } });
      peer.send(...bytes);
      expect(await peer.ending()).toBe(code);
      await unharmed();
    });
  }

  it('ends a connection that stops in the middle of a frame', async () => {
    const { peer, unharmed } = await scene({ keepAlive: { intervalMs: 50, timeoutMs: 1000 } });
    await peer.begin();
    peer.send(rawFrame(frameType.headers, 0, 1, peer.block(connectFields)));
    // Whatever trickles in, no PING can be answered inside a header block.
    await closed(peer.socket);
    await unharmed();
  });

  it('ends a connection that asks and never reads', async () => {
    const rate = { burst: 1_000_000, perSecond: 1_000_000 };
    const { server, peer, unharmed } = await scene({ limits: { pings: rate } });
    await peer.begin();
    peer.socket.pause();
    const pings = many(50_000, () => pingFrame(Buffer.alloc(8), false));
    // Far more than the kernel's buffers hold.
    let writes = 0;
    const more = (): void => {
      writes += 1;
      if (writes < 500 && !peer.socket.destroyed) peer.socket.write(pings, more);
    };
    more();
    // The honest one is left.
    await untilTrue(() => server.connections === 1);
    // Only who reads, or writes once more, learns of it.
    peer.socket.resume();
    await closed(peer.socket);
    await unharmed();
  });

  it('holds no more than its windows for a reader that does not read', async () => {
    const unread = '10.0.0.9:9';
    const { peer, unharmed } = await scene({
      handler: (request) => {
        const stream = request.accept();
        if (request.authority !== unread) stream.pipe(stream);
      },
    });
    await peer.begin();
    const { streamWindow, connectionWindow } = defaultHttp2Limits;
    const streams = connectionWindow / streamWindow;
    for (let index = 0; index < streams; index += 1) {
      peer.send(
        peer.request(2 * index + 1, [connectFields[0] ?? ['', ''], [':authority', unread]]),
        many(streamWindow / 65_536, () => data(2 * index + 1, Buffer.alloc(65_536))),
      );
    }
    peer.send(pingFrame(Buffer.from('12345678'), false));
    await peer.until(([frame]) => frame === 'ping-ack');
    const granted = peer.events.filter(([frame]) => frame === 'window').map(([, , increment]) => Number(increment));
    // The first update raises the connection's window to what it is; what the streams themselves buffer may add to it.
    expect(granted.slice(1).reduce((sum, increment) => sum + increment, 0)).toBeLessThan(connectionWindow / 4);
    expect(peer.socket.destroyed).toBe(false);
    await unharmed();
  });

  it('lets one address begin so many handshakes at once, and others in meanwhile', async () => {
    const refused: string[] = [];
    const { server, unharmed } = await scene({ maxHandshakes: 5, onRefused: ({ error }) => refused.push(error) });
    const silent = Array.from({ length: 8 }, () => connect({ host: '127.0.0.1', port: server.port, localAddress: '127.0.0.9' }));
    cleanups.push(() => silent.map((socket) => socket.destroy()));
    for (const socket of silent) socket.on('error', () => undefined);
    await expect.poll(() => refused).toEqual(Array.from({ length: 3 }, () => 'too many TLS handshakes at once'));
    await unharmed();
    const other = await RawPeer.connect(server.port, await authority.fetch(client));
    cleanups.push(() => other.socket.destroy());
    await other.begin();
    // Those that end make room.
    for (const socket of silent) socket.destroy();
    await expect.poll(() => refused.length).toBe(8);
  });

  it('takes so many connections of one address, and others meanwhile', async () => {
    const refused: string[] = [];
    const { server, unharmed } = await scene({ maxFromAddress: 3, onRefused: ({ error }) => refused.push(error) });
    const many = await Promise.all(
      Array.from({ length: 3 }, async () => RawPeer.connect(server.port, await authority.fetch(client), '127.0.0.9')),
    );
    cleanups.push(() => many.map(({ socket }) => socket.destroy()));
    for (const peer of many) await peer.begin();
    const further = connect({ host: '127.0.0.1', port: server.port, localAddress: '127.0.0.9' });
    further.on('error', () => undefined);
    await once(further.resume(), 'close');
    expect(refused).toEqual(['too many connections']);
    await unharmed();
    many[0]?.socket.destroy();
    await expect.poll(() => server.connections).toBe(4);
    const again = await RawPeer.connect(server.port, await authority.fetch(client), '127.0.0.9');
    cleanups.push(() => again.socket.destroy());
    await again.begin();
  });

  it('drops a TCP peer that vanishes during the handshake', async () => {
    const { server, unharmed } = await scene({ handshakeTimeoutMs: 2000 });
    const socket = connect(server.port, '127.0.0.1').resume();
    await once(socket, 'close');
    await unharmed();
  });
});
