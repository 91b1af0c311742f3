import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { ask, L7Mesh, waypoint } from '../l7/l7-mesh.js';
import { closed, readAll, readSome } from '../support/await-event.js';
import { ambientNamespace, pod, policy } from '../support/manifests.js';
import { inventoryOf } from '../support/test-mesh.js';

/** The service, with a share of its traffic for waypoint `next`. */
const served = (weight: string, labels = '') => `
apiVersion: v1
kind: Service
metadata:
  namespace: shop
  name: server
  labels: { istio.io/use-waypoint: gate, istio.io/use-waypoint-canary: next ${labels} }
  annotations: { istio.io/use-waypoint-canary-weight: "${weight}" }
spec:
  clusterIP: 10.2.0.1
  selector: { app: server }
  ports: [{ name: http, port: 80, targetPort: 8080 }, { name: tcp, port: 9000 }]
`;
const base = [
  ambientNamespace('shop'),
  pod('shop', 'client', { address: '10.1.0.1' }),
  pod('shop', 'other', { address: '10.1.0.2' }),
  pod('shop', 'server', { address: '10.1.0.3', ports: [8080, 9000] }),
  waypoint('shop', 'gate'),
  waypoint('shop', 'next'),
];
const onlyFrom = (...accounts: readonly string[]) =>
  policy(
    'shop',
    'only-from',
    `{ selector: { matchLabels: { app: server } }, rules: [{ from: [{ source: { principals: [${accounts.map((each) => `cluster.local/ns/shop/sa/${each}`).join(', ')}] } }] }] }`,
  );
const closedAt = (gateway: string) =>
  policy(
    'shop',
    `closed-${gateway}`,
    `{ action: DENY, targetRefs: [{ kind: Gateway, group: gateway.networking.k8s.io, name: ${gateway} }], rules: [{}] }`,
  );
const readers = policy(
  'shop',
  'readers',
  `{ targetRefs: [{ kind: Service, group: "", name: server }],
     rules: [{ from: [{ source: { principals: [cluster.local/ns/shop/sa/client] } }], to: [{ operation: { methods: [GET], paths: ["/public*"] } }] }] }`,
);

let mesh: L7Mesh;
let arrived = 0;
afterEach(() => mesh.stop());

async function start(...manifests: readonly string[]): Promise<void> {
  arrived = 0;
  mesh = await L7Mesh.start([...base, ...manifests], async (made) => {
    const application = createServer((incoming, response) => {
      arrived += 1;
      incoming.resume().on('end', () => response.end('served'));
    });
    const address = made.addresses.fresh();
    await made.run('shop/server', 8080, (socket) => application.emit('connection', socket), address);
    await made.run('shop/server', 9000, (socket) => socket.pipe(socket), address);
  });
}

async function status(workload = 'shop/client', path = '/'): Promise<number> {
  const answer = await ask(await mesh.mesh.connectAs(workload, 'server.shop', 80), { path });
  return answer.status;
}

async function statuses(count: number): Promise<number[]> {
  const all: number[] = [];
  for (let index = 0; index < count; index++) all.push(await status());
  return all;
}

async function echoing(): Promise<Socket> {
  const socket = await mesh.mesh.connectAs('shop/client', 'server.shop', 9000);
  await echoes(socket);
  return socket;
}

async function echoes(socket: Socket): Promise<void> {
  socket.write('x');
  expect(await readSome(socket)).toBe('x');
}

describe('a service with a canary waypoint', () => {
  it('goes through the canary alone at weight 100, and its policies are enforced there', async () => {
    await start(served('100'), readers, onlyFrom('next'), closedAt('gate'));
    expect(await status('shop/client', '/public')).toBe(200);
    expect(await status('shop/client', '/private')).toBe(403);
    expect(await status('shop/other', '/public')).toBe(403);
    expect(arrived).toBe(1);
  });

  it('goes through its own waypoint alone at weight 0', async () => {
    await start(served('0'), onlyFrom('gate'), closedAt('next'));
    expect(new Set(await statuses(20))).toEqual(new Set([200]));
  });

  it('draws the waypoint anew for each connection between', async () => {
    await start(served('50'), onlyFrom('gate', 'next'), closedAt('next'));
    // Each way stays unused in one of 2^63 runs.
    const seen = await statuses(64);
    expect(new Set(seen)).toEqual(new Set([200, 403]));
    expect(arrived).toBe(seen.filter((each) => each === 200).length);
  });

  it('leaves everything to its own waypoint where the canary cannot be used', async () => {
    await start(served('half'), closedAt('next'), onlyFrom('gate'));
    expect(new Set(await statuses(20))).toEqual(new Set([200]));
  });

  it('is not reached another way where the canary that was drawn does not answer', async () => {
    await start(served('100'));
    await mesh.gate('shop/next').close(0);
    const socket = await mesh.mesh.connectAs('shop/client', 'server.shop', 80);
    socket.write('GET / HTTP/1.1\r\nhost: server.shop\r\n\r\n');
    await expect(readAll(socket)).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(arrived).toBe(0);
  });
});

describe('when the weight or the canary changes', () => {
  const promoted = [...base, served('100')];
  const rolledBack = [...base, served('0')];
  const withoutCanary = [...base, served('0').replace('istio.io/use-waypoint-canary: next', 'team: shop')];

  it('what is open through either waypoint goes on while both serve the service', async () => {
    await start(served('0'));
    const before = await echoing();
    await mesh.change(promoted);
    const through = await echoing();
    await mesh.change(rolledBack);
    await echoes(before);
    await echoes(through);
  });

  it('new connections follow at once', async () => {
    await start(served('0'), closedAt('next'));
    expect(await status()).toBe(200);
    await mesh.change([...promoted, closedAt('next')]);
    expect(await status()).toBe(403);
    await mesh.change([...rolledBack, closedAt('next')]);
    expect(await status()).toBe(200);
  });

  it.each([
    ['is named no more', withoutCanary],
    ['has no weight that is one', [...base, served('101')]],
  ])('what is open through a canary ends where it %s, and nothing else', async (_, next) => {
    await start(served('0'));
    const through = await echoing();
    await mesh.change(promoted);
    const canary = await echoing();
    const ended = closed(canary);
    await mesh.change(next);
    await ended;
    await echoes(through);
    await echoes(await echoing());
  });

  it.each(['source', 'waypoint'])('the %s alone sees it', async (side) => {
    await start(served('100'));
    const ended = closed(await echoing());
    const gate = side === 'source' ? mesh.mesh.source : mesh.gate('shop/next');
    const snapshot = mesh.mesh.snapshot(inventoryOf(withoutCanary));
    await gate.prepare(snapshot);
    gate.commit(snapshot.number);
    await ended;
  });
});

describe('an ingress gateway', () => {
  const front = [
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
  const through = ', istio.io/ingress-use-waypoint: "true"';

  async function atFront(): Promise<number> {
    const { address = '' } = mesh.gate('shop/front').status().listeners[0] ?? {};
    const socket = connect({ host: address, port: 18080 });
    await once(socket, 'connect');
    return (await ask(socket)).status;
  }

  it('takes the waypoint by weight where the service has it go through one, and fails where that is gone', async () => {
    await start(...front, served('100', through), onlyFrom('next'), closedAt('gate'));
    expect(await atFront()).toBe(200);
    await mesh.change([...base, ...front, served('0', through), onlyFrom('next'), closedAt('gate')]);
    expect(await atFront()).toBe(403);
    await mesh.change([...base, ...front, served('100', through)]);
    await mesh.gate('shop/next').close(0);
    expect(await atFront()).toBe(503);
    expect(arrived).toBe(1);
  });
});
