import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { type Libc, libc } from '../../src/namespace/libc.js';
import { L7Mesh, readUntil, runHttp, servedBy, waypoint } from '../l7/l7-mesh.js';
import { ambientNamespace, pod } from '../support/manifests.js';

const tcp = 6;
const noDelay = 1;
const established = '01';

let mesh: L7Mesh | undefined;
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await mesh?.stop();
});

/** What this process may call; undefined where it is not Linux, or `koffi` has no build for it. */
function systemCalls(): Libc | undefined {
  try {
    return process.platform === 'linux' ? libc() : undefined;
  } catch {
    return undefined;
  }
}

/** The local ports of this process's established connections, each with whether it holds back what is small. */
function connections({ getsockopt }: Libc): { readonly local: number; readonly remote: number; readonly held: boolean }[] {
  const ports = new Map<string, [local: number, remote: number]>();
  for (const line of readFileSync('/proc/self/net/tcp', 'utf8').trim().split('\n').slice(1)) {
    const [, local = '', remote = '', state, , , , , , inode = ''] = line.trim().split(/\s+/);
    if (state === established) ports.set(`socket:[${inode}]`, [portOf(local), portOf(remote)]);
  }
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    const [local, remote] = ports.get(linkOf(fd)) ?? [];
    if (local === undefined || remote === undefined) return [];
    const value = Buffer.alloc(4);
    if (getsockopt(Number(fd), tcp, noDelay, value, Buffer.from(Uint32Array.of(4).buffer)) !== 0) throw new Error('getsockopt');
    return { local, remote, held: value.readInt32LE() === 0 };
  });
}

function portOf(address: string): number {
  return Number.parseInt(address.split(':')[1] ?? '', 16);
}

/** The descriptor of the listing itself is gone. */
function linkOf(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return '';
  }
}

const calls = systemCalls();

it.skipIf(calls === undefined)(
  'no connection of a gate waits with little until what it sent before is acknowledged (Linux, with `koffi`)',
  async () => {
    const front = '{ name: web, port: 18080, protocol: HTTP }';
    mesh = await L7Mesh.start(
      [
        ambientNamespace('shop'),
        pod('shop', 'client', { address: '10.1.0.1' }),
        pod('shop', 'server', { address: '10.1.0.3', ports: [8080] }),
        pod('shop', 'plain', { address: '10.1.0.4', ports: [8080] }),
        waypoint('shop', 'gate'),
        servedBy('gate', 'shop', 'server', '10.2.0.1', '[{ name: http, port: 80, targetPort: 8080 }]'),
        `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { namespace: shop, name: front }
spec: { gatewayClassName: istio, listeners: [${front}] }
`,
        `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { namespace: shop, name: web }
spec:
  parentRefs: [{ name: front }]
  rules: [{ backendRefs: [{ name: server, port: 80 }] }]
`,
      ],
      (made) => runHttp(made, 'shop/server', 8080, (incoming, response) => response.end(incoming.url)),
    );
    const [listener] = mesh.gate('shop/front').status().listeners;
    const outside = connect({ host: listener?.address ?? '', port: listener?.port ?? 0 });
    sockets.push(outside);
    await once(outside, 'connect');
    const inside = await mesh.mesh.connectAs('shop/client', 'server.shop', 80);
    for (const client of [outside, inside]) {
      client.write('GET / HTTP/1.1\r\nhost: server.shop\r\n\r\n');
      await readUntil(client, '\r\n\r\n/');
    }
    // Both ends of everything are in this process; neither the client's end nor the application's is a gate's.
    const clients = new Set([outside.localPort, inside.localPort]);
    const gates = connections(calls as Libc).filter(({ local }) => !clients.has(local) && local !== 8080);
    // Two clients; source, waypoint and gateway to the gate behind each, both ends; the destination to the application.
    expect(gates.length).toBeGreaterThanOrEqual(8);
    expect(gates.filter(({ held }) => held)).toEqual([]);
  },
);
