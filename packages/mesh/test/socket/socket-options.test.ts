import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Libc, libc } from '../../src/namespace/libc.js';
import { L7Mesh, readUntil, runHttp, servedBy, waypoint } from '../l7/l7-mesh.js';
import { frontGateway, frontRoute } from '../support/gateway-manifests.js';
import { ambientNamespace, pod } from '../support/manifests.js';

const [socketLevel, tcp] = [1, 6];
const keepAlive = 9;
const [noDelay, keepIdle] = [1, 4];
const established = '01';

/** A connection of this process, as the kernel has it. */
interface KernelConnection {
  readonly local: number;
  readonly remote: number;
  /** Whether what is small is held back. */
  readonly held: boolean;
  /** Seconds of silence after which the kernel asks for the peer; undefined where it never does. */
  readonly askedAfter: number | undefined;
}

let mesh: L7Mesh | undefined;
let gates: readonly KernelConnection[];
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

/** This process's established connections. */
function connections({ getsockopt }: Libc): KernelConnection[] {
  const ports = new Map<string, [local: number, remote: number]>();
  for (const line of readFileSync('/proc/self/net/tcp', 'utf8').trim().split('\n').slice(1)) {
    const [, local = '', remote = '', state, , , , , , inode = ''] = line.trim().split(/\s+/);
    if (state === established) ports.set(`socket:[${inode}]`, [portOf(local), portOf(remote)]);
  }
  return readdirSync('/proc/self/fd').flatMap((fd) => {
    const [local, remote] = ports.get(linkOf(fd)) ?? [];
    if (local === undefined || remote === undefined) return [];
    const option = (level: number, name: number): number => {
      const value = Buffer.alloc(4);
      if (getsockopt(Number(fd), level, name, value, Buffer.from(Uint32Array.of(4).buffer)) !== 0) throw new Error('getsockopt');
      return value.readInt32LE();
    };
    const askedAfter = option(socketLevel, keepAlive) === 0 ? undefined : option(tcp, keepIdle);
    return { local, remote, held: option(tcp, noDelay) === 0, askedAfter };
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

describe.skipIf(calls === undefined)('every connection of a gate (Linux, with `koffi`)', () => {
  beforeEach(async () => {
    const front = '{ name: web, port: 18080, protocol: HTTP }';
    mesh = await L7Mesh.start(
      [
        ambientNamespace('shop'),
        pod('shop', 'client', { address: '10.1.0.1' }),
        pod('shop', 'server', { address: '10.1.0.3', ports: [8080] }),
        waypoint('shop', 'gate'),
        servedBy('gate', 'shop', 'server', '10.2.0.1', '[{ name: http, port: 80, targetPort: 8080 }]'),
        frontGateway(front),
        frontRoute,
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
    gates = connections(calls as Libc).filter(({ local }) => !clients.has(local) && local !== 8080);
    // Two clients; source, waypoint and gateway to the gate behind each, both ends; the destination to the application.
    expect(gates.length).toBeGreaterThanOrEqual(8);
  });

  it('sends what is little at once, whatever is not acknowledged yet', () => {
    expect(gates.filter(({ held }) => held)).toEqual([]);
  });

  it('has the kernel ask for a peer that is quiet for three minutes', () => {
    // HBONE asks by PING, and much sooner: a listener for it does not have the kernel ask, too.
    const asked = gates.filter(({ local }) => local !== 15008);
    expect(asked.length).toBeGreaterThanOrEqual(4);
    expect(asked.filter(({ askedAfter }) => askedAfter !== 180)).toEqual([]);
  });
});
