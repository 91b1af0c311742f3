import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { connect, Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { headersFrames, pingFrame, resetFrame, settingsFrame, windowUpdateFrame } from '../../src/http2/frame-writer.js';
import { HpackEncoder } from '../../src/http2/hpack/hpack-encoder.js';
import { clientPreface, errorCode, flag, frameType } from '../../src/http2/protocol.js';
import { RawPeer, rawFrame } from '../http2/raw-peer.js';
import { ask, L7Mesh, readUntil, runHttp, servedBy, waypoint } from '../l7/l7-mesh.js';
import { ambiguousMessages } from '../support/ambiguous-messages.js';
import { closed } from '../support/await-event.js';
import { frontGateway, frontRoute, tlsSecret } from '../support/gateway-manifests.js';
import { ambientNamespace, pod } from '../support/manifests.js';
import { TestAuthority } from '../support/test-authority.js';

const [plain, tls] = [18_080, 18_443];
/** All connections that one address may have at the gateway; each attack takes every one of them. */
const places = 6;
const attacker = '127.0.0.9';
/** What `/large` answers: more than all buffers between application and client hold. */
const large = Buffer.alloc(8 * 1024 * 1024, 'x');

let mesh: L7Mesh;
let honest: readonly Socket[];

beforeAll(async () => {
  const authority = await TestAuthority.create();
  const listeners = `
    { name: plain, port: ${plain}, protocol: HTTP },
    { name: tls, port: ${tls}, protocol: HTTPS, hostname: shop.example, tls: { certificateRefs: [{ name: shop }] } }`;
  mesh = await L7Mesh.start(
    [
      ambientNamespace('shop'),
      pod('shop', 'client', { address: '10.1.0.1' }),
      pod('shop', 'server', { address: '10.1.0.3', ports: [8080] }),
      waypoint('shop', 'gate'),
      servedBy('gate', 'shop', 'server', '10.2.0.1', '[{ name: http, port: 80, targetPort: 8080 }]'),
      frontGateway(listeners),
      frontRoute,
      await tlsSecret(authority, 'shop'),
    ],
    (made) =>
      runHttp(made, 'shop/server', 8080, (incoming, response) => {
        incoming.on('error', () => undefined).resume();
        if (incoming.url === '/large') response.end(large);
        else incoming.once('end', () => response.end('fine'));
      }),
    {
      connectionsPerAddress: places,
      firstByteTimeoutMs: 400,
      headersTimeoutMs: 400,
      preambleTimeoutMs: 400,
      bodyTimeoutMs: 400,
      lingerMs: 200,
      restMs: 200,
    },
  );
  honest = [await dial(plain, '127.0.0.8'), await mesh.mesh.connectAs('shop/client', 'server.shop', 80)];
  await unharmed();
});
afterAll(async () => {
  for (const socket of honest) socket.destroy();
  await mesh.stop();
});

async function dial(port: number, localAddress = attacker): Promise<Socket> {
  const { address = '' } = mesh.gate('shop/front').status().listeners[0] ?? {};
  const socket = connect({ host: address, port, localAddress, allowHalfOpen: true });
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

/** Whoever was there before, and at both kinds of gates still is, gets its next answer. */
async function unharmed(): Promise<void> {
  for (const socket of honest) {
    socket.write('GET / HTTP/1.1\r\nhost: server.shop\r\n\r\n');
    expect(await readUntil(socket, 'fine')).toMatch(/^HTTP\/1\.1 200 /);
  }
}

const gates = () => [mesh.mesh.source, mesh.mesh.destination, mesh.gate('shop/gate'), mesh.gate('shop/front')];

const { _getActiveHandles: activeHandles } = process as unknown as { _getActiveHandles: () => unknown[] };

/** What is open: connections that gates know of, and sockets of this process, in which all of them are, but those between gates, which are kept. */
function open() {
  const sockets = activeHandles().filter(
    (handle) => handle instanceof Socket && ![handle.remotePort, handle.localPort].includes(15_008),
  );
  return { connections: gates().map((gate) => gate.status().openConnections), sockets: sockets.length };
}

/** Has all of these at once, others being served meanwhile; then nothing of them is left, and no place of theirs is taken. */
async function withstands(assault: () => Promise<unknown>): Promise<void> {
  const before = open();
  await Promise.all([...Array.from({ length: places }, assault), unharmed()]);
  await unharmed();
  await expect.poll(open, { timeout: 10_000 }).toEqual(before);
  const again = await Promise.all(Array.from({ length: places }, () => dial(plain)));
  for (const { status } of await Promise.all(again.map((socket) => ask(socket)))) expect(status).toBe(200);
  for (const socket of again) socket.destroy();
  await expect.poll(open, { timeout: 10_000 }).toEqual(before);
}

/** Sends these bytes, and waits for the gate to close. */
async function send(bytes: string | Buffer, port = plain): Promise<void> {
  const socket = await dial(port);
  const over = closed(socket);
  socket.resume().write(bytes);
  // Which ends its own half, too, as the gate has.
  socket.once('end', () => socket.end());
  await over;
}

/** Sends these bytes and reads nothing, until the gate has none but the honest connection; whoever does not read learns of no end. */
async function unread(bytes: string): Promise<void> {
  const socket = await dial(plain);
  socket.write(bytes);
  await mesh.logged('GET /large', ' 200 SI ');
  await expect.poll(() => mesh.gate('shop/front').status().openConnections, { timeout: 10_000 }).toBe(1);
  socket.destroy();
}

const many = (count: number, frame: (index: number) => Buffer): Buffer =>
  Buffer.concat(Array.from({ length: count }, (_, index) => frame(index)));

function get(streamId: number, path = '/', endStream = true): Buffer {
  const fields = [
    [':method', endStream ? 'GET' : 'POST'],
    [':scheme', 'http'],
    [':authority', 'server.shop'],
    [':path', path],
  ] as const;
  // Nothing is indexed: each block stands for itself.
  return headersFrames(streamId, new HpackEncoder().encode(fields), endStream, 16_384);
}
const opening = (settings: Parameters<typeof settingsFrame>[0] = []) => Buffer.concat([clientPreface, settingsFrame(settings)]);
const request = 'POST / HTTP/1.1\r\nhost: server.shop\r\n';

describe('at a gateway nothing is left of', () => {
  const assaults: readonly (readonly [string, () => Promise<unknown>])[] = [
    ['connections that say nothing', () => send('')],
    ['heads that do not come to their end', () => send(request)],
    ['bodies that stop', () => send(`${request}content-length: 100\r\n\r\nabc`)],
    ['bodies in chunks that stop', () => send(`${request}transfer-encoding: chunked\r\n\r\n5\r\nab`)],
    ['responses that nobody takes', () => unread('GET /large HTTP/1.1\r\nhost: server.shop\r\n\r\n')],
    [
      'requests behind each other whose client is gone at once',
      () => gone('GET / HTTP/1.1\r\nhost: server.shop\r\n\r\n'.repeat(20)),
    ],
    ['requests whose client resets in the middle', () => gone(`${request}content-length: 100\r\n\r\nabc`, true)],

    ['TLS that is none', () => send('GET / HTTP/1.1\r\n\r\n', tls)],
    ['TLS whose greeting does not come to its end', () => goneAfter(Buffer.from([22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3]), tls)],
    [
      'HTTP/2 whose streams are reset at once',
      async () => {
        const resets = many(1000, (n) => Buffer.concat([get(2 * n + 1), resetFrame(2 * n + 1, errorCode.cancel)]));
        expect(await breach(resets)).toBe(errorCode.enhanceYourCalm);
      },
    ],
    [
      'HTTP/2 with a header block in endless pieces',
      () =>
        send(
          Buffer.concat([
            opening(),
            rawFrame(frameType.headers, 0, 1, '\x82'),
            many(50_000, () => rawFrame(frameType.continuation, 0, 1, '\0\x01a\x01b')),
          ]),
        ),
    ],
    [
      'HTTP/2 with a list of headers that grows by references',
      () => taken(headersFrames(1, Buffer.concat([Buffer.from('40016100', 'hex'), Buffer.alloc(15_000, 0xbe)]), true, 16_384)),
    ],
    ['HTTP/2 whose peer gives no window', () => taken(Buffer.concat([settingsFrame([{ id: 4, value: 0 }]), get(1, '/large')]))],
    ['HTTP/2 whose windows are opened too far', () => send(Buffer.concat([opening(), windowUpdateFrame(0, 0x7fff_ffff)]))],
    [
      'HTTP/2 with a header block that is none',
      () => breach(rawFrame(frameType.headers, flag.endStream | flag.endHeaders, 1, 'ÿÿÿÿ')),
    ],
    ['HTTP/2 with a frame that is too large', () => breach(rawFrame(frameType.data, 0, 1, Buffer.alloc(20_000)))],
    ['HTTP/2 with DATA on a stream that nobody opened', () => breach(rawFrame(frameType.data, 0, 5, 'abc'))],
    [
      'HTTP/2 with more of a body than its window',
      () => taken(Buffer.concat([get(1, '/', false), many(80, () => rawFrame(frameType.data, 0, 1, Buffer.alloc(16_000)))])),
    ],
    [
      'HTTP/2 whose bodies stop',
      () => gone(Buffer.concat([opening(), get(1, '/', false), rawFrame(frameType.data, 0, 1, 'abc')])),
    ],
    ['HTTP/2 that vanishes inside a frame', () => gone(Buffer.concat([opening(), get(1).subarray(0, 12)]))],
    ['HTTP/2 that floods with PING and never reads', () => flood(pingFrame(Buffer.alloc(8), false))],
    ['HTTP/2 that floods with SETTINGS and never reads', () => flood(settingsFrame([{ id: 4, value: 1 }]))],
    [
      'HTTP/2 that floods with empty DATA',
      () => flood(rawFrame(frameType.data, 0, 1), Buffer.concat([opening(), get(1, '/', false)])),
    ],
  ];
  it.each(assaults)('%s', (_, assault) => withstands(assault));

  it('HTTP/2 that breaks the protocol, at a waypoint', () =>
    withstands(() =>
      breach(
        rawFrame(frameType.headers, flag.endStream | flag.endHeaders, 1, 'ÿÿÿÿ'),
        mesh.mesh.connectAs('shop/client', 'server.shop', 80),
      ),
    ));

  it('HTTP/2 that rests is served when it goes on', async () => {
    const before = open();
    const socket = await dial(plain);
    const client = connectHttp2('http://server.shop', { createConnection: () => socket });
    const status = async (): Promise<unknown> => {
      const [head] = (await once(client.request({ ':path': '/' }).resume(), 'response')) as [Record<string, unknown>];
      return head[':status'];
    };
    expect(await status()).toBe(200);
    // With which the gate looks whether it still speaks to somebody.
    await once(client, 'ping');
    expect(await status()).toBe(200);
    client.destroy();
    await expect.poll(open, { timeout: 10_000 }).toEqual(before);
  });

  it.each(ambiguousMessages)('a message with %s', (_, bytes) => withstands(() => send(bytes)));
});

/** Sends frames that break the protocol, and is gone when the gate has said so. Returns the code of its GOAWAY. */
async function breach(frames: Buffer, dialing = dial(plain)): Promise<number> {
  const socket = await dialing;
  const over = closed(socket);
  const goAway = new Promise<number>((resolve, reject) => {
    let seen = Buffer.alloc(0);
    socket.on('data', (bytes: Buffer) => {
      seen = Buffer.concat([seen, bytes]);
      const code = goAwayIn(seen);
      if (code !== undefined) resolve(code);
    });
    socket.once('close', () => reject(new Error('closed without GOAWAY')));
  });
  socket.write(Buffer.concat([opening(), frames]));
  const code = await goAway;
  socket.destroy();
  await over;
  return code;
}

function goAwayIn(bytes: Buffer): number | undefined {
  for (let at = 0; at + 17 <= bytes.length; at += 9 + bytes.readUIntBE(at, 3)) {
    if (bytes[at + 3] === frameType.goAway) return bytes.readUInt32BE(at + 13);
  }
  return undefined;
}

/** Sends these bytes, and closes or resets when the gate has had them. */
async function gone(bytes: string | Buffer, resets = false): Promise<void> {
  const socket = await dial(plain);
  const over = closed(socket);
  await new Promise((resolve) => socket.write(bytes, resolve));
  if (resets) socket.resetAndDestroy();
  else socket.destroy();
  await over;
}

/** Opens HTTP/2, sends these frames, and closes once the gate has had them, as it answers what comes behind. */
async function taken(frames: Buffer): Promise<void> {
  const socket = await dial(plain);
  const over = closed(socket);
  // Where the gate ends the connection instead, as some versions of Node.js do for more of these.
  socket.once('end', () => socket.destroy());
  socket.write(Buffer.concat([opening(), frames, pingFrame(Buffer.from('the last'), false)]));
  await readUntil(socket, 'the last').catch(() => undefined);
  socket.destroy();
  await over;
}

async function goneAfter(bytes: Buffer, port: number): Promise<void> {
  const socket = await dial(port);
  await new Promise((resolve) => socket.write(bytes, resolve));
  socket.destroy();
}

/** Sends a frame again and again, without reading, until the gate has closed or nothing more is taken. */
async function flood(frame: Buffer, first = opening()): Promise<void> {
  const socket = await dial(plain);
  const over = closed(socket);
  socket.write(first);
  const frames = many(2000, () => frame);
  for (let count = 0; count < 100 && !socket.destroyed; count += 1) {
    const written = new Promise<boolean>((resolve) => socket.write(frames, () => resolve(true)));
    const stuck = new Promise<boolean>((resolve) => setTimeout(() => resolve(false), 200).unref());
    if (!(await Promise.race([written, stuck, over.then(() => false)]))) break;
  }
  socket.destroy();
  await over;
}

describe('at a ztunnel nothing is left of', () => {
  const fields = [
    [':method', 'CONNECT'],
    [':authority', '10.1.0.3:8080'],
  ] as const;
  const assaults: readonly (readonly [string, (peer: RawPeer) => unknown])[] = [
    ['tunnels whose peer vanishes', (peer) => peer.send(peer.request(1, fields), peer.request(3, fields))],
    [
      'tunnels that are reset at once',
      (peer) =>
        peer.send(many(400, (n) => Buffer.concat([peer.request(2 * n + 1, fields), resetFrame(2 * n + 1, errorCode.cancel)]))),
    ],
    ['more tunnels than there may be', (peer) => peer.send(many(300, (n) => peer.request(2 * n + 1, fields)))],
    [
      'tunnels to another workload',
      (peer) =>
        peer.send(
          many(50, (n) =>
            peer.request(2 * n + 1, [
              [':method', 'CONNECT'],
              [':authority', '10.1.0.9:8080'],
            ]),
          ),
        ),
    ],
    [
      'requests that are not CONNECT',
      (peer) =>
        peer.send(
          many(50, (n) =>
            peer.request(
              2 * n + 1,
              [
                [':method', 'GET'],
                [':scheme', 'https'],
                [':path', '/'],
                [':authority', 'a'],
              ],
              true,
            ),
          ),
        ),
    ],
    [
      'a header block in endless pieces',
      (peer) =>
        peer.send(
          rawFrame(frameType.headers, 0, 1, peer.block(fields)),
          many(20, () => rawFrame(frameType.continuation, 0, 1)),
        ),
    ],
    ['a flood of PING', (peer) => peer.send(many(500, () => pingFrame(Buffer.alloc(8), false)))],
    ['a flood of SETTINGS', (peer) => peer.send(many(100, () => settingsFrame([])))],
    [
      'a flood of empty DATA',
      (peer) =>
        peer.send(
          peer.request(1, fields),
          many(2000, () => rawFrame(frameType.data, 0, 1)),
        ),
    ],
    ['windows that are opened too far', (peer) => peer.send(peer.request(1, fields), windowUpdateFrame(0, 0x7fff_ffff))],
    [
      'answers that nobody takes',
      async (peer) => {
        peer.socket.pause();
        const ask = Buffer.from('GET /large HTTP/1.1\r\nhost: server.shop\r\n\r\n');
        peer.send(...[1, 3, 5].flatMap((id) => [peer.request(id, fields), rawFrame(frameType.data, 0, id, ask)]));
      },
    ],
    [
      'padding that is longer than its frame',
      (peer) => peer.send(peer.request(1, fields), rawFrame(frameType.data, flag.padded, 1, '\x09a')),
    ],
  ];
  it.each(assaults)('%s', (_, assault) =>
    withstands(async () => {
      const identity = 'spiffe://cluster.local/ns/shop/sa/client';
      const credentials = await mesh.mesh.authority.fetch(identity);
      const peer = await RawPeer.connect(15_008, credentials, attacker, mesh.mesh.socketOf('shop/server'));
      await peer.begin();
      await assault(peer);
      // The gate has read it all, or ended the connection; then the peer vanishes.
      peer.send(pingFrame(Buffer.from('the last'), false));
      if (!peer.socket.isPaused()) await peer.until(([what]) => what === 'ping-ack').catch(() => undefined);
      peer.socket.destroy();
    }),
  );
});
