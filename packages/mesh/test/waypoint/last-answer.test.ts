import { createHash } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { L7Mesh, runHttp, servedBy, waypoint } from '../l7/l7-mesh.js';
import { readAll } from '../support/await-event.js';
import { ambientNamespace, pod } from '../support/manifests.js';

const manifests = [
  ambientNamespace('shop'),
  pod('shop', 'client', { address: '10.1.0.1' }),
  pod('shop', 'server', { address: '10.1.0.3', ports: [8080] }),
  waypoint('shop', 'gate'),
  servedBy('gate', 'shop', 'server', '10.2.0.1', '[{ name: http, port: 80, targetPort: 8080 }]'),
];
/** More than a client that does not read is sent by the kernel, less than gates hold for it. */
const long = 'x'.repeat(3 * 1024 * 1024);
const digest = (text: string) => createHash('sha256').update(text).digest('hex');

let mesh: L7Mesh;
afterEach(() => mesh.stop());

async function start(limits: Parameters<typeof L7Mesh.start>[2] = {}): Promise<void> {
  const prepare = (made: L7Mesh['mesh']) => runHttp(made, 'shop/server', 8080, (_, response) => response.end(long));
  mesh = await L7Mesh.start(manifests, prepare, limits);
}

/** Asks, and reads nothing until the waypoint has done its part. */
async function askSlowly(header = '') {
  const socket = await mesh.mesh.connectAs('shop/client', 'server.shop', 80);
  socket.pause();
  socket.write(`GET / HTTP/1.1\r\nhost: server.shop\r\n${header}\r\n`);
  await mesh.logged('"GET / HTTP/1.1" 200');
  return socket;
}

describe('the last answer on a connection, to a client that reads slowly', () => {
  it('arrives in full where the client asked to close', async () => {
    await start();
    const text = await readAll((await askSlowly('connection: close\r\n')).resume());
    expect(digest(text.slice(text.indexOf('\r\n\r\n') + 4))).toBe(digest(long));
    expect(mesh.mesh.log.filter((line) => line.includes('error='))).toEqual([]);
  });

  it('arrives in full where the waypoint ends', async () => {
    await start();
    const socket = await askSlowly();
    const ended = mesh.gate('shop/gate').close(60_000);
    const text = await readAll(socket.resume());
    socket.end();
    await ended;
    expect(digest(text.slice(text.indexOf('\r\n\r\n') + 4))).toBe(digest(long));
  });

  it('is the end of a connection that the client never closes', async () => {
    await start({ bodyTimeoutMs: 200 });
    const socket = await askSlowly('connection: close\r\n');
    await readAll(socket.resume());
    await mesh.mesh.logged('connection reset by peer', 'dst.hbone_addr=10.2.0.1:80');
  });
});
