import { createServer as createHttp2Server } from 'node:http2';
import { connect as dial, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { ask, L7Mesh, runHttp, servedBy, waypoint } from '../l7/l7-mesh.js';
import { frontGateway, frontRoute } from '../support/gateway-manifests.js';
import { ambientNamespace, pod } from '../support/manifests.js';

const manifests = (protocol: string) => [
  ambientNamespace('shop'),
  pod('shop', 'client', { address: '10.1.0.1' }),
  pod('shop', 'server', { address: '10.1.0.3', ports: [8080] }),
  waypoint('shop', 'gate'),
  servedBy('gate', 'shop', 'server', '10.2.0.1', `[{ name: ${protocol}, port: 80, targetPort: 8080 }]`),
];
const frame = (type: number, ...payload: number[]) => Buffer.from([0, 0, payload.length, type, 0, 0, 0, 0, 0, ...payload]);
const opening = Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), frame(4)]);

let mesh: L7Mesh;
afterEach(() => mesh.stop());

const connect = () => mesh.mesh.connectAs('shop/client', 'server.shop', 80);

/** What a client may do when it has begun to speak HTTP/2. */
const endings: readonly (readonly [string, (socket: Socket) => unknown])[] = [
  ['ends', (socket) => socket.end()],
  ['closes', (socket) => socket.destroy()],
  ['resets', (socket) => socket.resetAndDestroy()],
];

/** A failed assertion inside of Node.js would be an uncaught exception, which fails the run. */
describe('a connection of HTTP/2 takes no gate down', () => {
  it.each(endings)('whose client %s it, wherever it is in its opening', async (_, finish) => {
    mesh = await L7Mesh.start(manifests('http'), (made) =>
      runHttp(made, 'shop/server', 8080, (_incoming, response) => response.end('fine')),
    );
    for (let round = 0; round < 12; round += 1) {
      await Promise.all(
        [opening.length, 24, 30].map(async (length) => {
          const socket = await connect();
          socket.resume().write(opening.subarray(0, length));
          await new Promise((resolve) => setTimeout(resolve, round * 4));
          finish(socket);
        }),
      );
      expect(await ask(await connect())).toMatchObject({ status: 200, body: 'fine' });
    }
  });

  it.each(endings)('whose client %s it, and keeps no place at a gateway', async (_, finish) => {
    mesh = await L7Mesh.start([...manifests('http'), frontGateway('{ name: web, port: 18080, protocol: HTTP }'), frontRoute]);
    const gate = mesh.gate('shop/front');
    const { address = '' } = gate.status().listeners[0] ?? {};
    const sockets = [opening.length, 24, 30].map((length) => {
      const socket = dial(18_080, address).on('error', () => undefined);
      socket.resume().write(opening.subarray(0, length));
      return socket;
    });
    await expect.poll(() => gate.status().openConnections).toBe(sockets.length);
    for (const socket of sockets) finish(socket);
    await expect.poll(() => gate.status().openConnections).toBe(0);
  });

  it('whose application ends it, whatever is under way', async () => {
    let accepted = 0;
    const server = createHttp2Server();
    server
      .on('sessionError', () => undefined)
      .on('stream', (stream) => {
        stream.on('error', () => undefined);
        stream.respond({ ':status': 200 });
        stream.end('fine');
      });
    mesh = await L7Mesh.start(manifests('http2'), (made) =>
      made.run('shop/server', 8080, (socket) => {
        accepted += 1;
        if (accepted % 2 === 0) server.emit('connection', socket);
        else setTimeout(() => socket.end(), accepted);
      }),
    );
    for (let round = 0; round < 24; round += 1) {
      const { status } = await ask(await connect());
      expect([200, 503]).toContain(status);
    }
    expect(accepted).toBeGreaterThanOrEqual(24);
  });
});
