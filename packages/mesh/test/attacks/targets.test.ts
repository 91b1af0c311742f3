import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Permit } from '@sallyport/policy';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HbonePool } from '../../src/hbone/hbone-pool.js';
import { PeerJudge } from '../../src/identity/peer-judge.js';
import { L7Mesh, servedBy, waypoint } from '../l7/l7-mesh.js';
import { readSome } from '../support/await-event.js';
import { ambientNamespace, pod, service } from '../support/manifests.js';

const client = 'spiffe://cluster.local/ns/shop/sa/client';
const permit: Permit = { effect: 'allow', reason: 'no-policy', audit: [] };
const manifests = [
  ambientNamespace('shop'),
  pod('shop', 'client', { address: '10.1.0.1' }),
  pod('shop', 'server', { address: '10.1.0.3', ports: [8080] }),
  pod('shop', 'other', { address: '10.1.0.4', ports: [8080] }),
  service('shop', 'server', '10.2.0.1', 80, 8080),
  service('shop', 'other', '10.2.0.2', 80, 8080),
  waypoint('shop', 'gate'),
  servedBy('gate', 'shop', 'guarded', '10.2.0.3', '[{ name: tcp, port: 80, targetPort: 8080 }]').replace(
    'app: guarded',
    'app: server',
  ),
];

let mesh: L7Mesh;
let pool: HbonePool;
/** Who was reached. */
const reached: string[] = [];
beforeEach(async () => {
  reached.length = 0;
  mesh = await L7Mesh.start(manifests, async (made) => {
    for (const name of ['server', 'other']) {
      await made.run(`shop/${name}`, 8080, (socket) => {
        reached.push(name);
        socket.pipe(socket);
      });
    }
  });
  pool = new HbonePool({ credentials: mesh.mesh.authority, peers: new PeerJudge({ trustDomains: () => ['cluster.local'] }) });
});
afterEach(async () => {
  pool.close();
  await mesh.stop();
});

/** A CONNECT of a workload that is in the mesh, by its own certificate, with whatever authority it likes. */
function tunnel(address: string, identity: string, authority: string) {
  return pool.connect({ permit, identity: client, address, port: 15008, expectedIdentities: [identity], authority });
}

const toServer = (authority: string) =>
  tunnel(mesh.mesh.socketOf('shop/server'), 'spiffe://cluster.local/ns/shop/sa/server', authority);
const toWaypoint = (authority: string) => {
  const [listener] = mesh.gate('shop/gate').status().listeners;
  return tunnel(listener?.address ?? '', 'spiffe://cluster.local/ns/shop/sa/gate', authority);
};

/** Ways out of the place that a tunnel leads to, beside those that are another's for certain. */
const elsewhere = [
  '127.0.0.1:8080',
  'localhost:8080',
  '0.0.0.0:8080',
  '[::1]:8080',
  '[::ffff:127.0.0.1]:8080',
  '169.254.169.254:80',
  '8.8.8.8:53',
  'example.com:443',
  '10.1.0.4:8080',
  'other.shop.svc.cluster.local:80',
  'other:80',
  '10.2.0.2:80',
  'nobody.shop.svc.cluster.local:80',
];

const malformed = [
  '10.1.0.3',
  ':8080',
  '10.1.0.3:',
  '10.1.0.3:0',
  '10.1.0.3:65536',
  '10.1.0.3:8080:8080',
  '10.1.0.3:+8080',
  '10.1.0.3:0x1f90',
  '10.1.0.4@10.1.0.3:8080',
  '10.1.0.3:8080/',
  '[10.1.0.3]:8080',
  '010.1.0.3:8080',
  '10.1.3:8080',
  '167837699:8080',
  '10.1.0.3%00:8080',
  '10.1.0.3 :8080',
];

describe('a CONNECT to a ztunnel', () => {
  it('reaches the workload that it is for', async () => {
    const { stream } = await toServer('10.1.0.3:8080');
    stream.write('hello');
    expect(await readSome(stream)).toBe('hello');
    expect(reached).toEqual(['server']);
  });

  it.each([15001, 15006, 15008, 15080])("never reaches the gate's own port %i", async (port) => {
    await expect(toServer(`10.1.0.3:${port}`)).rejects.toMatchObject({ status: 503 });
    expect(reached).toEqual([]);
  });

  it.each([...elsewhere, ...malformed])('does not lead to `%s`', async (authority) => {
    await expect(toServer(authority)).rejects.toMatchObject({ status: expect.toSatisfy((code) => code === 400 || code === 503) });
    expect(reached).toEqual([]);
  });
});

describe('a CONNECT to a waypoint', () => {
  it('reaches the service that goes through it', async () => {
    const { stream } = await toWaypoint('10.2.0.3:80');
    stream.write('hello');
    expect(await readSome(stream)).toBe('hello');
    expect(reached).toEqual(['server']);
  });

  it.each([...elsewhere, ...malformed, '10.2.0.1:80', '10.1.0.3:8080', '10.2.0.3:8080', '10.2.0.3:15008', 'gate:15008'])(
    'does not lead to `%s`',
    async (authority) => {
      await expect(toWaypoint(authority)).rejects.toMatchObject({
        status: expect.toSatisfy((code) => code === 400 || code === 503),
      });
      expect(reached).toEqual([]);
    },
  );
});

describe('a workload that asks its own ztunnel', () => {
  const ends = (socket: Socket) =>
    new Promise<string>((resolve) => {
      socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? '')).once('close', () => resolve('closed'));
      socket.resume().write('hello');
    });

  it.each([15001, 15006, 15008, 15080])('is not taken to port %i of another gate, by address or by its socket', async (port) => {
    expect(await ends(await mesh.mesh.connectAs('shop/client', '10.1.0.3', port))).toBe('ECONNRESET');
    expect(await ends(await mesh.mesh.connectAs('shop/client', mesh.mesh.socketOf('shop/server'), port))).toBe('ECONNRESET');
    expect(reached).toEqual([]);
  });

  it("is not taken to what is this machine's own", async () => {
    const own = connect({ host: mesh.mesh.socketOf('shop/client'), port: 15080 });
    await once(own, 'connect');
    own.destroy();
    for (const host of [
      '127.0.0.1',
      'localhost',
      '0.0.0.0',
      '::1',
      '169.254.169.254',
      mesh.mesh.addresses.applicationAddress('shop/other') ?? '',
    ]) {
      expect(await ends(await mesh.mesh.connectAs('shop/client', host, 8080))).toBe('ECONNRESET');
    }
    expect(reached).toEqual([]);
  });
});
