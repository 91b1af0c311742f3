import type { Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { readProxyHeader } from '../../src/socket/proxy-header.js';
import { writeProxyHeader } from '../../src/socket/write-proxy-header.js';
import { readAll } from '../support/await-event.js';
import { ambientNamespace, pod, policy } from '../support/manifests.js';
import { openTunnel } from '../support/open-tunnel.js';
import { TestMesh } from '../support/test-mesh.js';

/** A waypoint of another implementation, which runs as a pod of the mesh and gets PROXY headers of its ztunnel. */
const sandwich = (binding: string) => `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { namespace: shop, name: gate, annotations: { ambient.istio.io/waypoint-inbound-binding: ${binding} } }
spec:
  gatewayClassName: someone-elses-waypoint
  listeners: [{ name: mesh, port: 15008, protocol: HBONE }]
`;
const behind = `
apiVersion: v1
kind: Service
metadata: { namespace: shop, name: server, labels: { istio.io/use-waypoint: gate } }
spec:
  clusterIP: 10.2.0.1
  selector: { app: server }
  ports: [{ name: tcp, port: 80, targetPort: 8080 }]
`;
const notBehind = behind.replace('server, labels: { istio.io/use-waypoint: gate }', 'free').replace('10.2.0.1', '10.2.0.2');
const manifests = (binding = 'PROXY/15088') => [
  ambientNamespace('shop'),
  pod('shop', 'client', { address: '10.1.0.1' }),
  pod('shop', 'other', { address: '10.1.0.2' }),
  pod('shop', 'server', { address: '10.1.0.3', ports: [8080] }),
  pod('shop', 'gate', { address: '10.1.0.9', ports: [15088], labels: ', gateway.networking.k8s.io/gateway-name: gate' }),
  sandwich(binding),
  behind,
  notBehind,
];
const onlyClient = policy(
  'shop',
  'only-client',
  `{ selector: { matchLabels: { app: gate } },
     rules: [{ from: [{ source: { principals: [cluster.local/ns/shop/sa/client] } }], to: [{ operation: { ports: ["15088"] } }] }] }`,
);
const identity = 'spiffe://cluster.local/ns/shop/sa/client';

let mesh: TestMesh;
afterEach(() => mesh.stop());

/** Says back in hexadecimal what came before `ping`. */
function reflect(socket: Socket): void {
  let seen = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    seen = Buffer.concat([seen, chunk]);
    const end = seen.indexOf('ping');
    if (end >= 0) socket.end(seen.subarray(0, end).toString('hex'));
  });
}

async function start(more: readonly string[] = [], binding?: string, port = 15088): Promise<void> {
  mesh = await TestMesh.start([...manifests(binding), ...more], (made) => made.run('shop/gate', port, reflect));
}

async function headerOf(socket: Socket): Promise<Buffer> {
  socket.end('ping');
  return Buffer.from(await readAll(socket), 'hex');
}

/** The header that the waypoint gets for this authority, or why there is none. */
async function ask(authority: string, client = 'shop/client'): Promise<Buffer | string> {
  try {
    const { stream } = await openTunnel(mesh, { client, gate: '10.1.0.9', expected: 'shop/gate', authority });
    stream.write('ping');
    return Buffer.from(await readAll(stream), 'hex');
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Destination and identity of a header, as HAProxy's document lays them out. */
function read(header: Buffer | string) {
  if (typeof header === 'string') return header;
  const found = readProxyHeader(header)?.found;
  const destination = `${[...header.subarray(20, 24)].join('.')}:${header.readUInt16BE(26)}`;
  return {
    client: found?.kind === 'client' ? found.client.address : found?.kind,
    destination,
    type: header[28],
    identity: header.subarray(31, 31 + header.readUInt16BE(29)).toString(),
  };
}

describe('a waypoint behind its own ztunnel', () => {
  it('is told by a PROXY header who connects, and where to', async () => {
    await start([onlyClient]);
    expect(read(await headerOf(await mesh.connectAs('shop/client', 'server.shop', 80)))).toEqual({
      client: '10.1.0.1',
      destination: '10.2.0.1:80',
      type: 0xd0,
      identity,
    });
    expect(await mesh.logged('direction="outbound"', 'dst.hbone_addr=10.2.0.1:80')).toContain('dst.addr=10.1.0.9:15008');
  });

  it('is judged at its ztunnel, by the port of the tunnel', async () => {
    await start([onlyClient]);
    await expect(headerOf(await mesh.connectAs('shop/other', 'server.shop', 80))).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(await ask('10.2.0.1:80', 'shop/other')).toBe('http status: 401 Unauthorized');
    await mesh.change([...manifests(), onlyClient.replace('15088', '80')]);
    expect(await ask('10.2.0.1:80')).toBe('http status: 401 Unauthorized');
  });

  it('is told the address of a service that is asked for by name', async () => {
    await start();
    expect(read(await ask('server.shop.svc.cluster.local:80'))).toMatchObject({ destination: '10.2.0.1:80', identity });
  });

  it.each([
    ['10.2.0.2:80', 'a service that does not go through it', 400],
    ['free.shop.svc.cluster.local:80', 'the same by name', 400],
    ['10.1.0.3:8080', 'a workload that does not go through it', 400],
    ['192.0.2.1:80', 'an address of nobody', 400],
    ['10.2.0.1:81', 'a port that the service does not have', 503],
    ['10.1.0.9:15008', 'the port of its gate', 503],
  ])('is not asked for %s, %s', async (authority, _, status) => {
    await start();
    expect(await ask(authority)).toContain(`http status: ${status}`);
  });

  it('gets no header where its binding is NONE', async () => {
    await start([], 'NONE/15088');
    expect(await ask('10.2.0.1:80')).toEqual(Buffer.alloc(0));
  });

  it('gets it at the port that was asked for where its binding names none', async () => {
    await start([], 'PROXY', 80);
    expect(read(await ask('10.2.0.1:80'))).toMatchObject({ destination: '10.2.0.1:80' });
  });

  it.each(['PROXY/x', 'PROXY/0', 'PROXY/15088/1', 'TCP', 'proxy', '""'])(
    'is none with the binding %s: its services are refused',
    async (binding) => {
      await start([], binding);
      await expect(headerOf(await mesh.connectAs('shop/client', 'server.shop', 80))).rejects.toMatchObject({
        code: 'ECONNRESET',
      });
      expect(await mesh.logged('direction="outbound"')).toContain('which is not a waypoint');
    },
  );

  it('ends its connections when their target does not go through it any more', async () => {
    await start();
    const { stream } = await openTunnel(mesh, {
      client: 'shop/client',
      gate: '10.1.0.9',
      expected: 'shop/gate',
      authority: '10.2.0.1:80',
    });
    const cut = readAll(stream);
    await mesh.change(manifests().map((text) => text.replace('istio.io/use-waypoint: gate', 'istio.io/use-waypoint: none')));
    await expect(cut).rejects.toThrow();
  });
});

describe('a PROXY header that is written', () => {
  const destination = { address: '10.2.0.1', port: 80 };

  it('is laid out as the protocol says', () => {
    const header = writeProxyHeader({ source: { address: '10.1.0.1', port: 258 }, destination, identity: 'ab' });
    expect(header.toString('hex')).toBe(
      '0d0a0d0a000d0a515549540a' + '2111' + '0011' + '0a010001' + '0a020001' + '0102' + '0050' + 'd00002' + '6162',
    );
  });

  it.each(['2001:db8::1', '::1', '2001:db8:1:2:3:4:5:6', '::ffff:0:10.1.2.3'])('tells %s to a reader', (address) => {
    const header = writeProxyHeader({ source: { address, port: 5 }, destination: { address: 'fd00::2', port: 80 } });
    expect(readProxyHeader(header)?.taken).toBe(header.length);
    const found = readProxyHeader(header)?.found;
    const expected = address === '::ffff:0:10.1.2.3' ? '::ffff:0:a01:203' : address;
    expect(found).toEqual({ kind: 'client', client: { address: expected, port: 5 } });
  });

  it.each(['2001:db8::1', 'unknown', ''])('leaves out addresses that are no pair, such as that of %j', (address) => {
    const header = writeProxyHeader({ source: { address, port: 5 }, destination, identity });
    expect(readProxyHeader(header)?.found).toEqual({ kind: 'proxy-itself' });
    expect(header.toString()).toContain(identity);
  });
});
