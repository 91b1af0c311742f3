import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { Gate } from '../../src/gate.js';
import { closed, readSome } from '../support/await-event.js';
import { ambientNamespace, pod, policy, service } from '../support/manifests.js';
import { inventoryOf } from '../support/test-mesh.js';
import { L7Mesh, readUntil, servedBy, waypoint } from './l7-mesh.js';

const ports = '[{ name: http, port: 80, targetPort: 8080 }, { name: tcp, port: 9000 }]';
const behindGate = servedBy('gate', 'shop', 'server', '10.2.0.1', ports);
/** Behind the same waypoint, for policies that guard something else there. */
const spare = servedBy('gate', 'shop', 'spare', '10.2.0.7', ports);
const straight = service('shop', 'straight', '10.2.0.9', 9000, 9000).replace('app: straight', 'app: server');
const server = (labels = '') => pod('shop', 'server', { address: '10.1.0.3', ports: [8080, 9000], labels });
const rest = [
  ambientNamespace('shop'),
  pod('shop', 'client', { address: '10.1.0.1' }),
  pod('shop', 'other', { address: '10.1.0.2' }),
  waypoint('shop', 'gate'),
  `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { namespace: shop, name: front }
spec:
  gatewayClassName: istio
  listeners: [{ name: web, port: 18080, protocol: HTTP }, { name: raw, port: 18090, protocol: TCP }]
`,
  `
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { namespace: shop, name: web }
spec: { parentRefs: [{ name: front, sectionName: web }], rules: [{ backendRefs: [{ name: server, port: 80 }] }] }
`,
  `
apiVersion: gateway.networking.k8s.io/v1alpha2
kind: TCPRoute
metadata: { namespace: shop, name: raw }
spec: { parentRefs: [{ name: front, sectionName: raw }], rules: [{ backendRefs: [{ name: straight, port: 9000 }] }] }
`,
];
const manifests = [...rest, server(), behindGate, straight];
const fromAccount = (name: string) =>
  `action: DENY, rules: [{ from: [{ source: { principals: [cluster.local/ns/shop/sa/${name}] } }] }]`;
const [fromClient, fromNobody] = [fromAccount('client'), fromAccount('nobody')];

const atPods = (label: string, rules = fromClient) =>
  policy('shop', 'deny', `{ selector: { matchLabels: { ${label} } }, ${rules} }`);
const atService = (name: string, rules = fromClient) =>
  policy('shop', 'deny', `{ targetRefs: [{ kind: Service, group: "", name: ${name} }], ${rules} }`);
const atFront = (rules: string) =>
  policy('shop', 'deny', `{ targetRefs: [{ kind: Gateway, group: gateway.networking.k8s.io, name: front }], ${rules} }`);

let mesh: L7Mesh;
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await mesh.stop();
});

async function start(given: readonly string[] = manifests): Promise<void> {
  const application = createServer((_, response) => void response.write('begun'));
  application.on('upgrade', (_, socket) => {
    socket.on('error', () => undefined);
    socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n');
    socket.pipe(socket);
  });
  mesh = await L7Mesh.start(given, async (made) => {
    const address = made.addresses.fresh();
    await made.run('shop/server', 9000, (socket) => socket.pipe(socket), address);
    await made.run('shop/server', 8080, (socket) => application.emit('connection', socket), address);
  });
}

/** Something that is open, and how to see that it still is. */
interface Open {
  readonly ended: Promise<void>;
  readonly goesOn: () => Promise<void>;
}

function watch(socket: Socket, goesOn: () => Promise<void>): Open {
  sockets.push(socket);
  return { ended: closed(socket), goesOn };
}

async function echoes(socket: Socket): Promise<void> {
  socket.write('x');
  expect(await readSome(socket)).toBe('x');
}

async function tcp(from: string, host: string): Promise<Open> {
  const socket = await mesh.mesh.connectAs(`shop/${from}`, host, 9000);
  await echoes(socket);
  return watch(socket, () => echoes(socket));
}

/** A request whose answer never ends. */
async function request(socket: Socket, path = '/'): Promise<Open> {
  socket.write(`GET ${path} HTTP/1.1\r\nhost: server.shop\r\n\r\n`);
  await readUntil(socket, 'begun');
  socket.resume();
  return watch(socket, async () => expect(socket.destroyed || socket.readableEnded).toBe(false));
}

async function webSocket(socket: Socket, path = '/'): Promise<Open> {
  socket.write(`GET ${path} HTTP/1.1\r\nhost: server.shop\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n`);
  await readUntil(socket, '\r\n\r\n');
  await echoes(socket);
  return watch(socket, () => echoes(socket));
}

const http = (from: string) => mesh.mesh.connectAs(`shop/${from}`, 'server.shop', 80);
const pastWaypoint = (from: string) => Promise.all([tcp(from, 'straight.shop')]);
const throughWaypoint = async (from: string) =>
  Promise.all([tcp(from, 'server.shop'), request(await http(from)), webSocket(await http(from))]);

async function atGateway(port: number): Promise<Socket> {
  const { address = '' } = mesh.gate('shop/front').status().listeners[0] ?? {};
  const socket = connect({ host: address, port, allowHalfOpen: true });
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return socket;
}

/** Puts manifests in force at some gates only: each must see by itself what is no longer allowed. */
async function changeAt(next: readonly string[], ...gates: readonly Gate[]): Promise<void> {
  const snapshot = mesh.mesh.snapshot(inventoryOf(next));
  for (const gate of gates) await gate.prepare(snapshot);
  for (const gate of gates) gate.commit(snapshot.number);
}

const allEnd = (open: readonly Open[]) => Promise.all(open.map(({ ended }) => ended));
const allGoOn = (open: readonly Open[]) => Promise.all(open.map(({ goesOn }) => goesOn()));

describe('at the ztunnel of the destination, what is open ends', () => {
  const byLabel = 'role: guarded';
  it.each([
    ['a policy comes that denies it', manifests, [...manifests, atPods('app: server')]],
    [
      'a policy changes so that it denies it',
      [...manifests, atPods('app: server', fromNobody)],
      [...manifests, atPods('app: server')],
    ],
    ['the selector of one changes', [...manifests, atPods('app: nobody')], [...manifests, atPods('app: server')]],
    [
      'labels of the workload change',
      [...manifests, atPods(byLabel)],
      [...rest, server(`, ${byLabel}`), behindGate, straight, atPods(byLabel)],
    ],
  ])('when %s, and what is still allowed goes on', async (_, before, after) => {
    await start(before);
    const victims = await pastWaypoint('client');
    const others = [...(await pastWaypoint('other')), ...(await throughWaypoint('other')), ...(await throughWaypoint('client'))];
    await changeAt(after, mesh.mesh.destination);
    await allEnd(victims);
    await allGoOn(others);
  });

  it('when it came through a waypoint that is no longer admitted', async () => {
    await start();
    const victims = [...(await throughWaypoint('client')), ...(await throughWaypoint('other'))];
    const others = await pastWaypoint('client');
    await changeAt([...manifests, atPods('app: server', fromAccount('gate'))], mesh.mesh.destination);
    await allEnd(victims);
    await allGoOn(others);
  });
});

describe('at the ztunnel of the source, what is open ends', () => {
  it('when the service gets a waypoint, and what has had one goes on', async () => {
    await start();
    const victims = await pastWaypoint('client');
    const others = await throughWaypoint('client');
    const bound = straight.replace('name: straight }', 'name: straight, labels: { istio.io/use-waypoint: gate } }');
    await changeAt([...rest, server(), behindGate, bound], mesh.mesh.source);
    await allEnd(victims);
    await allGoOn(others);
  });

  it('when the service loses its waypoint', async () => {
    await start();
    const victims = await throughWaypoint('client');
    const others = await pastWaypoint('client');
    await changeAt([...rest, server(), behindGate.replace('istio.io/use-waypoint: gate', 'a: b'), straight], mesh.mesh.source);
    await allEnd(victims);
    await allGoOn(others);
  });

  it('when its client is no workload of the mesh any more', async () => {
    await start();
    const victims = [...(await pastWaypoint('client')), ...(await throughWaypoint('client'))];
    const others = await pastWaypoint('other');
    await changeAt(
      manifests.filter((text) => !text.includes('name: client')),
      mesh.mesh.source,
    );
    await allEnd(victims);
    await allGoOn(others);
  });
});

describe('at a waypoint, requests, upgrades and connections end', () => {
  it.each([
    ['a policy comes that denies them', manifests, [...manifests, atService('server')]],
    [
      'a policy changes so that it denies them',
      [...manifests, atService('server', fromNobody)],
      [...manifests, atService('server')],
    ],
    ['the target of one changes', [...manifests, spare, atService('spare')], [...manifests, spare, atService('server')]],
  ])('when %s, and what is still allowed goes on', async (_, before, after) => {
    await start(before);
    const victims = await throughWaypoint('client');
    const others = await throughWaypoint('other');
    await changeAt(after, mesh.gate('shop/gate'));
    await allEnd(victims);
    await allGoOn(others);
  });

  it('when it no longer serves what they are addressed to', async () => {
    await start();
    const victims = [...(await throughWaypoint('client')), ...(await throughWaypoint('other'))];
    await changeAt(
      [...rest, server(), behindGate.replace('istio.io/use-waypoint: gate', 'a: b'), straight],
      mesh.gate('shop/gate'),
    );
    await allEnd(victims);
  });
});

describe('at an ingress gateway, requests, upgrades and connections end', () => {
  it('when a policy comes that denies them, and what is still allowed goes on', async () => {
    await start();
    const victims = [await request(await atGateway(18_080), '/victim'), await webSocket(await atGateway(18_080), '/victim')];
    const others = [await request(await atGateway(18_080), '/other'), await webSocket(await atGateway(18_080), '/other')];
    const raw = await atGateway(18_090);
    await echoes(raw);
    const connection = watch(raw, () => echoes(raw));
    await changeAt(
      [...manifests, atFront('action: DENY, rules: [{ to: [{ operation: { paths: [/victim], ports: ["18080"] } }] }]')],
      mesh.gate('shop/front'),
    );
    await allEnd(victims);
    await allGoOn([...others, connection]);
    await changeAt(
      [...manifests, atFront('action: DENY, rules: [{ to: [{ operation: { ports: ["18090"] } }] }]')],
      mesh.gate('shop/front'),
    );
    await connection.ended;
    await allGoOn(others);
  });
});

describe('a snapshot that is prepared', () => {
  it('ends nothing before it is committed, nor after it was given up', async () => {
    await start();
    const open = [...(await pastWaypoint('client')), ...(await throughWaypoint('client'))];
    const denying = mesh.mesh.snapshot(
      inventoryOf([...manifests, atPods('app: server'), atService('server').replace('deny', 'too')]),
    );
    const gates = [mesh.mesh.source, mesh.mesh.destination, mesh.gate('shop/gate')];
    for (const gate of gates) await gate.prepare(denying);
    await allGoOn(open);
    for (const gate of gates) await gate.abort(denying.number);
    await allGoOn(open);
    await allGoOn([...(await pastWaypoint('client')), ...(await throughWaypoint('client'))]);
  });
});
