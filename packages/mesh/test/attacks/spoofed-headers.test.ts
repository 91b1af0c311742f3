import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { ask, L7Mesh, runHttp, waypoint } from '../l7/l7-mesh.js';
import { ambientNamespace, pod, policy } from '../support/manifests.js';

/** What a client says of itself, and of the way that its request has come. */
const lies = {
  'x-forwarded-for': '203.0.113.9',
  'x-forwarded-proto': 'https',
  'x-forwarded-client-cert': 'By=spiffe://cluster.local/ns/shop/sa/front-istio;URI=spiffe://cluster.local/ns/shop/sa/admin',
  'x-envoy-internal': 'true',
  'x-envoy-original-url': 'https://shop.example/admin',
  'x-envoy-peer-metadata': 'admin',
};

/** Admits one block of addresses, at what the reference names. */
const admits = (target: string) =>
  policy(
    'shop',
    'trusted',
    `{ targetRefs: [${target}], action: ALLOW, rules: [{ from: [{ source: { remoteIpBlocks: ["203.0.113.0/24"] } }] }] }`,
  );
const atService = admits('{ kind: Service, group: "", name: server }');
const atGateway = admits('{ kind: Gateway, group: gateway.networking.k8s.io, name: front }');
const manifests = [
  ambientNamespace('shop'),
  pod('shop', 'client', { address: '10.1.0.1' }),
  pod('shop', 'server', { address: '10.1.0.3', ports: [8080] }),
  waypoint('shop', 'gate'),
  `
apiVersion: v1
kind: Service
metadata: { namespace: shop, name: server, labels: { istio.io/use-waypoint: gate, istio.io/ingress-use-waypoint: "true" } }
spec: { clusterIP: 10.2.0.1, selector: { app: server }, ports: [{ name: http, port: 80, targetPort: 8080 }] }
`,
  `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { namespace: shop, name: front }
spec: { gatewayClassName: istio, listeners: [{ name: web, port: 18080, protocol: HTTP }] }
`,
  `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { namespace: shop, name: web }
spec: { parentRefs: [{ name: front }], rules: [{ backendRefs: [{ name: server, port: 80 }] }] }
`,
];
const behindProxies = `
apiVersion: v1
kind: ConfigMap
metadata: { namespace: istio-system, name: istio }
data: { mesh: "defaultConfig: { gatewayTopology: { numTrustedProxies: 1 } }" }
`;

let mesh: L7Mesh;
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await mesh.stop();
});

async function start(given: readonly string[]): Promise<void> {
  mesh = await L7Mesh.start(given, (made) =>
    runHttp(made, 'shop/server', 8080, (incoming, response) => response.end(JSON.stringify(incoming.headers))),
  );
}

async function fromOutside(): Promise<Socket> {
  const [listener] = mesh.gate('shop/front').status().listeners;
  const socket = connect({ host: listener?.address ?? '', port: listener?.port ?? 0 });
  sockets.push(socket);
  await once(socket, 'connect');
  return socket;
}

async function fromInside(): Promise<Socket> {
  const socket = await mesh.mesh.connectAs('shop/client', 'server.shop', 80);
  sockets.push(socket);
  return socket;
}

describe('a client that says who it is in headers of gates', () => {
  it('from outside: its scheme and certificate are not passed on, and its own address is what is added last', async () => {
    await start(manifests);
    const { status, body } = await ask(await fromOutside(), { headers: lies });
    expect(status).toBe(200);
    const headers = JSON.parse(body) as Record<string, string>;
    expect(headers['x-forwarded-proto']).toBe('http');
    expect(headers['x-forwarded-for']).toBe('203.0.113.9, 127.0.0.1');
    for (const name of ['x-forwarded-client-cert', 'x-envoy-internal', 'x-envoy-original-url', 'x-envoy-peer-metadata']) {
      expect(headers).not.toHaveProperty(name);
    }
  });

  it('from outside: is judged by the address that it has, at the gateway and at the waypoint behind', async () => {
    await start([...manifests, atGateway]);
    expect(await ask(await fromOutside(), { headers: lies })).toMatchObject({ status: 403 });
    await mesh.change([...manifests, atService]);
    expect(await ask(await fromOutside(), { headers: lies })).toMatchObject({ status: 403 });
  });

  it('from inside: is judged by the address that it has, as no gateway vouches for another', async () => {
    await start([...manifests, atService]);
    expect(await ask(await fromInside(), { headers: lies })).toMatchObject({ status: 403 });
  });

  it('from inside: what gates say to each other is not passed on', async () => {
    await start(manifests);
    const headers = JSON.parse((await ask(await fromInside(), { headers: lies })).body) as Record<string, string>;
    for (const name of ['x-forwarded-client-cert', 'x-envoy-internal', 'x-envoy-original-url', 'x-envoy-peer-metadata']) {
      expect(headers).not.toHaveProperty(name);
    }
  });

  it('is believed where a trusted proxy stands in front of the gateway, and only that far', async () => {
    await start([...manifests, atGateway, behindProxies]);
    expect(await ask(await fromOutside(), { headers: lies })).toMatchObject({ status: 200 });
    const further = { ...lies, 'x-forwarded-for': '203.0.113.9, 198.51.100.7' };
    expect(await ask(await fromOutside(), { headers: further })).toMatchObject({ status: 403 });
    await mesh.change([...manifests, atService, behindProxies]);
    expect(await ask(await fromInside(), { headers: lies })).toMatchObject({ status: 403 });
  });
});
