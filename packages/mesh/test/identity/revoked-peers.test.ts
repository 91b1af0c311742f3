import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { ask, L7Mesh, readUntil, servedBy, waypoint } from '../l7/l7-mesh.js';
import { closed, readSome } from '../support/await-event.js';
import { ambientNamespace, pod, service } from '../support/manifests.js';

const identity = (name: string) => `spiffe://cluster.local/ns/shop/sa/${name}`;
const revokedByList = 'connection closed: peer certificate revoked by CRL';

const manifests = [
  ambientNamespace('shop'),
  pod('shop', 'client', { address: '10.1.0.1' }),
  pod('shop', 'other', { address: '10.1.0.2' }),
  pod('shop', 'server', { address: '10.1.0.3', ports: [8080, 9000] }),
  waypoint('shop', 'gate'),
  service('shop', 'straight', '10.2.0.9', 9000, 9000).replace('app: straight', 'app: server'),
  servedBy('gate', 'shop', 'server', '10.2.0.1', '[{ name: http, port: 80, targetPort: 8080 }, { name: tcp, port: 9000 }]'),
];

let mesh: L7Mesh;
afterEach(() => mesh.stop());

async function start(): Promise<void> {
  const server = createServer((incoming, response) => {
    if (incoming.url === '/') response.end('done');
    // Any other answer never ends.
    else response.write('begun');
  });
  mesh = await L7Mesh.start(manifests, async (made) => {
    const address = made.addresses.fresh();
    await made.run('shop/server', 9000, (socket) => socket.pipe(socket), address);
    await made.run('shop/server', 8080, (socket) => server.emit('connection', socket), address);
  });
}

/** Puts the certificates that these identities have now on the list; their gates then get new ones, as an authority would have them do. */
async function revoke(...names: readonly string[]): Promise<void> {
  const { authority, lists } = mesh.mesh;
  const old = await Promise.all(names.map((name) => authority.fetch(identity(name))));
  for (const name of names) authority.put(await authority.issue(identity(name)));
  lists.put(await authority.list(old));
}

async function openTcp(host: string, workload = 'shop/client'): Promise<Socket> {
  const socket = await mesh.mesh.connectAs(workload, host, 9000);
  socket.write('x');
  expect(await readSome(socket)).toBe('x');
  return socket;
}

async function openRequest(workload = 'shop/client'): Promise<Socket> {
  const socket = await mesh.mesh.connectAs(workload, 'server.shop', 80);
  socket.write('GET /goes-on HTTP/1.1\r\nhost: server.shop\r\n\r\n');
  await readUntil(socket, 'begun');
  return socket;
}

describe('revoking the certificate of a client', () => {
  it('ends what it was admitted to at ztunnel and waypoint, at once, and nobody else notices', async () => {
    await start();
    const its = [await openTcp('straight.shop'), await openTcp('server.shop'), await openRequest()];
    const others = [await openTcp('straight.shop', 'shop/other'), await openTcp('server.shop', 'shop/other')];
    const ended = Promise.all(its.map((socket) => closed(socket.resume())));
    await revoke('client');
    await ended;
    for (const socket of others) {
      socket.write('y');
      expect(await readSome(socket)).toBe('y');
    }
    await mesh.mesh.logged('direction="inbound"', identity('client'), revokedByList);
    const metrics = await mesh.mesh.metrics.metrics();
    expect(metrics).toMatch(/istio_tcp_connections_failed_total\{reporter="destination".*response_flags="CERT_REVOKED".*\} 1/);
    expect(metrics).toMatch(/istio_crl_policy_rejections_total\{reporter="destination"\} [1-9]/);
    // With the certificate that its gate has by now it is admitted again.
    await openTcp('straight.shop');
    expect(await ask(await mesh.mesh.connectAs('shop/client', 'server.shop', 80))).toMatchObject({ status: 200 });
  });
});

describe('revoking the certificate of a gate', () => {
  it('ends what goes through the waypoint, on both of its sides', async () => {
    await start();
    const through = [await openTcp('server.shop'), await openRequest()];
    const around = await openTcp('straight.shop');
    const ended = Promise.all(through.map((socket) => closed(socket.resume())));
    await revoke('gate');
    await ended;
    around.write('y');
    expect(await readSome(around)).toBe('y');
    await openTcp('server.shop');
  });

  it('ends what goes to a workload whose ztunnel shows it', async () => {
    await start();
    const sockets = [await openTcp('straight.shop'), await openTcp('server.shop')];
    const ended = Promise.all(sockets.map((socket) => closed(socket.resume())));
    await revoke('server');
    await ended;
    await openTcp('straight.shop');
  });
});
