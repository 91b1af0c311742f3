import { once } from 'node:events';
import type { IncomingHttpHeaders } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { OutgoingHead } from '../../src/http2/message-head.js';
import { ask, L7Mesh, runHttp, servedBy, waypoint } from '../l7/l7-mesh.js';
import { ambientNamespace, pod, policy } from '../support/manifests.js';
import { openTunnel } from '../support/open-tunnel.js';
import { password } from '../support/test-mesh.js';

// Everything by which a client may pretend to be somebody else or to have passed a gate, in a tunnel and in a request.
const claims = {
  forwarded: 'for="10.1.0.1:5";host=server.shop.svc.cluster.local;proto=https',
  baggage: 'k8s.cluster.name=Kubernetes,k8s.namespace.name=shop,k8s.pod.name=client,service.name=client',
  'x-forwarded-for': '10.1.0.1',
  'x-forwarded-client-cert': 'By=spiffe://cluster.local/ns/shop/sa/gate;URI=spiffe://cluster.local/ns/shop/sa/client',
  'x-forwarded-network': 'elsewhere',
  'x-istio-source': 'waypoint',
  'x-istio-attributes': 'Cg==',
  'x-envoy-peer-metadata': 'Cg==',
  'x-envoy-peer-metadata-id': 'sidecar~10.1.0.1~client.shop~shop.svc.cluster.local',
  traceparent: '00-ffffffffffffffffffffffffffffffff-ffffffffffffffff-01',
};
const malformed: OutgoingHead = {
  forwarded: `${'for="'.repeat(100)};;;host="";host=\\`,
  baggage: `${'=,;'.repeat(500)}k8s.namespace.name`,
  'x-istio-source': 'waypoint, gateway',
  'x-forwarded-network': '%00',
  traceparent: '00',
};
const readers = policy(
  'shop',
  'readers',
  `{ targetRefs: [{ kind: Service, group: "", name: server }],
     rules: [{ from: [{ source: { principals: [cluster.local/ns/shop/sa/client] } }] }, { from: [{ source: { remoteIpBlocks: [10.1.0.1] } }] }] }`,
);
const onlyWaypoint = policy(
  'shop',
  'only-waypoint',
  '{ selector: { matchLabels: { app: server } }, rules: [{ from: [{ source: { principals: [cluster.local/ns/shop/sa/gate] } }] }] }',
);
const manifests = [
  ambientNamespace('shop'),
  pod('shop', 'client', { address: '10.1.0.1' }),
  pod('shop', 'other', { address: '10.1.0.2' }),
  pod('shop', 'server', { address: '10.1.0.3', ports: [8080] }),
  waypoint('shop', 'gate'),
  servedBy('gate', 'shop', 'server', '10.2.0.1', '[{ name: http, port: 80, targetPort: 8080 }]'),
  readers,
  onlyWaypoint,
];

let mesh: L7Mesh;
let reached: IncomingHttpHeaders[] = [];
beforeAll(async () => {
  mesh = await L7Mesh.start(manifests, (made) =>
    runHttp(made, 'shop/server', 8080, (incoming, response) => {
      reached.push(incoming.headers);
      incoming.resume();
      incoming.on('end', () => response.end('reached'));
    }),
  );
});
afterAll(() => mesh.stop());
beforeEach(() => {
  reached = [];
  mesh.mesh.log.length = 0;
});

/** A client of the source ztunnel that sends headers of its own with its CONNECT. */
async function connectWith(workload: string, headers: Record<string, string>): Promise<Socket> {
  const socket = connect({ host: mesh.mesh.socketOf(workload), port: 15080 });
  mesh.mesh.onStop(() => socket.destroy());
  socket.on('error', () => undefined);
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const credential = Buffer.from(`${workload}:${password}`).toString('base64');
  socket.write(`CONNECT server.shop:80 HTTP/1.1\r\nproxy-authorization: Basic ${credential}\r\n${lines.join('')}\r\n`);
  const [answer] = await once(socket, 'data');
  expect(String(answer)).toContain(' 200 ');
  return socket;
}

describe('claims of a client, on the whole way from its ztunnel through the waypoint to the destination', () => {
  it.each([
    ['in the request', () => mesh.mesh.connectAs('shop/other', 'server.shop', 80), claims],
    ['to its own ztunnel', () => connectWith('shop/other', claims), {}],
    ['in both', () => connectWith('shop/other', claims), claims],
  ] as const)('are worth nothing %s', async (_, dial, headers) => {
    expect(await ask(await dial(), { headers })).toMatchObject({ status: 403 });
    expect(reached).toEqual([]);
  });

  it.each([
    ['well formed', claims],
    ['malformed', malformed],
  ])('are worth nothing in a tunnel of its own to the waypoint, %s', async (_, headers) => {
    const to = { gate: mesh.gate('shop/gate').status().listeners[0]?.workload ?? '', expected: 'shop/gate' };
    const gate = policyAddressOf(to.gate);
    for (const [client, status] of [
      ['shop/other', 403],
      ['shop/client', 200],
    ] as const) {
      const { stream } = await openTunnel(mesh.mesh, { client, gate, expected: 'shop/gate', authority: '10.2.0.1:80', headers });
      expect(await ask(stream)).toMatchObject({ status });
    }
    const inbound = await mesh.mesh.logged('connection complete', 'direction="inbound"');
    expect(inbound).toContain('src.identity="spiffe://cluster.local/ns/shop/sa/gate"');
    expect(reached).toHaveLength(1);
  });

  it('do not reach the destination as what gates say to each other', async () => {
    expect(await ask(await connectWith('shop/client', claims), { headers: claims })).toMatchObject({ status: 200 });
    const [headers] = reached;
    for (const name of ['x-forwarded-client-cert', 'x-istio-attributes', 'x-envoy-peer-metadata', 'x-envoy-peer-metadata-id']) {
      expect(headers).not.toHaveProperty(name);
    }
  });

  it('do not let anybody past the waypoint to the destination', async () => {
    for (const headers of [claims, malformed]) {
      const tunnel = { client: 'shop/client', gate: '10.1.0.3', expected: 'shop/server', authority: '10.1.0.3:8080', headers };
      await expect(openTunnel(mesh.mesh, tunnel)).rejects.toMatchObject({ status: 401 });
    }
    expect(reached).toEqual([]);
  });
});

describe('a waypoint that is asked for a host name', () => {
  const tunnel = (authority: string) =>
    openTunnel(mesh.mesh, { client: 'shop/client', gate: policyAddressOf('shop/gate'), expected: 'shop/gate', authority });

  it('serves it as it would by address', async () => {
    const { stream } = await tunnel('server.shop.svc.cluster.local:80');
    expect(await ask(stream)).toMatchObject({ status: 200 });
  });

  it.each([
    ['server.shop.svc.cluster.local:81', 503],
    ['nothing.shop.svc.cluster.local:80', 400],
    ['gate.shop.svc.cluster.local:15008', 400],
    ['10.1.0.3:8080', 400],
    ['server.shop.svc.cluster.local', 400],
  ])('answers %s with %i', async (authority, status) => {
    await expect(tunnel(authority)).rejects.toMatchObject({ status });
  });
});

function policyAddressOf(workloadKey: string): string {
  const listener = mesh
    .gate('shop/gate')
    .status()
    .listeners.find(({ workload }) => workload === workloadKey);
  return mesh.mesh.addresses.policyAddress(listener?.address ?? '');
}
