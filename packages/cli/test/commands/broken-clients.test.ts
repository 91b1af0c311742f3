import { readdirSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Outcome, type UpMesh, Workshop } from './local-mesh.js';
import { admits, folder, ingress, waypoint, workloads } from './manifests.js';

const service = `
apiVersion: v1
kind: Service
metadata: {name: behind, labels: {istio.io/use-waypoint: waypoint}}
spec: {selector: {app: httpbin}, ports: [{name: http, port: 8000}]}
`;
const files = {
  ...folder,
  'workloads.yaml': [
    workloads,
    service,
    waypoint.replaceAll('kind: Service, name: httpbin', 'kind: Service, name: behind'),
    ingress,
  ].join('---'),
  'policy.yaml': ['sleep', 'waypoint', 'front-istio'].map(admits).join('---'),
};

const head = 'host: behind\r\n';
/** What a client may be in the middle of saying. */
const sentences: readonly (string | Buffer)[] = [
  `GET /public/1 HTTP/1.1\r\n${head}\r\n`.repeat(3),
  `GET /private/1 HTTP/1.1\r\n${head}\r\n`,
  `POST /public/1 HTTP/1.1\r\n${head}content-length: 100000\r\n\r\n${'y'.repeat(50_000)}`,
  `POST /public/1 HTTP/1.1\r\n${head}transfer-encoding: chunked\r\n\r\nfff\r\nabc`,
  `GET /public/1 HTTP/1.1\r\n${head}connection: upgrade\r\nupgrade: websocket\r\n\r\n`,
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0', 'latin1'),
  Buffer.from([0x16, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3]),
];

/** How it leaves. */
const ends: readonly ((socket: Socket) => unknown)[] = [
  (socket) => socket.end(),
  (socket) => socket.destroy(),
  (socket) => socket.resetAndDestroy(),
];

const anyClient = fc.record({
  door: fc.nat(),
  sentence: fc.constantFrom(...sentences),
  /** Which part of it is said. */
  part: fc.double({ min: 0, max: 1, noNaN: true }),
  reads: fc.boolean(),
  staysMs: fc.nat(40),
  end: fc.constantFrom(...ends),
});

let workshop: Workshop;
let mesh: UpMesh;
let good: (url: string) => Promise<Outcome>;
/** Opens a connection where clients come in, with what has to be said there before anything else. */
let doors: readonly (() => Socket)[];

beforeEach(async () => {
  workshop = await Workshop.open();
  mesh = await workshop.up(await workshop.folder('mesh', files));
  good = await mesh.client('sleep');
  const { gates, workloads: running } = await mesh.status();
  const front = gates.find(({ name }) => name === 'gateway default/front')?.address ?? '';
  const hbone = running.map(({ address }) => address);
  const proxies = await Promise.all(
    ['sleep', 'stranger'].map(async (client) => (await mesh.exec(client, ['printenv', 'ALL_PROXY'])).stdout),
  );
  doors = [
    () => connect(18_080, front),
    ...hbone.map((address) => () => connect(15_008, address)),
    ...proxies.flatMap((proxy) =>
      ['behind', 'httpbin', 'nowhere'].map((host) => () => throughProxy(new URL(proxy.trim()), host)),
    ),
  ];
});
afterEach(() => workshop.close());

/** All that a SOCKS client has to say, at once (RFC 1928, 1929). */
function throughProxy({ hostname, port, username, password }: URL, host: string): Socket {
  const socket = connect(Number(port), hostname);
  const counted = (text: string): Buffer => Buffer.concat([Buffer.from([text.length]), Buffer.from(text)]);
  const login = [Buffer.from([1]), counted(decodeURIComponent(username)), counted(decodeURIComponent(password))];
  socket.write(
    Buffer.concat([Buffer.from([5, 1, 2]), ...login, Buffer.from([5, 1, 0, 3]), counted(host), Buffer.from([0x1f, 0x40])]),
  );
  return socket;
}

type Client = ReturnType<typeof clientsOf>[number];

function clientsOf(count: number) {
  return fc.sample(anyClient, count);
}

async function misbehave({ door, sentence, part, reads, staysMs, end }: Client): Promise<void> {
  const socket = (doors[door % doors.length] as () => Socket)();
  socket.on('error', () => undefined);
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.write(sentence.slice(0, Math.round(sentence.length * part)));
  if (reads) socket.resume();
  await delay(staysMs);
  end(socket);
  // Whoever has only ended its half waits no longer than this for the rest.
  await Promise.race([closed, delay(200)]);
  socket.destroy();
}

test('clients that break off anywhere cost nobody else a request, no gate its life, and leave nothing behind', async () => {
  const before = (await mesh.status()).gates;
  const failed: Outcome[] = [];
  let asked = 0;
  let over = false;
  const others = (async () => {
    while (!over) {
      const outcome = await good('http://behind:8000/public/1');
      asked += 1;
      if (outcome.stdout !== 'hello /public/1\n') failed.push(outcome);
    }
  })();
  const clients = clientsOf(600);
  await Promise.all(
    Array.from({ length: 16 }, async () => {
      for (let client = clients.pop(); client !== undefined; client = clients.pop()) await misbehave(client);
    }),
  );
  over = true;
  await others;
  expect(failed).toEqual([]);
  expect(asked).toBeGreaterThan(0);
  const openAt = async () =>
    (await mesh.status()).gates.map(({ name, pid, openConnections }) => ({ name, pid, openConnections }));
  await expect.poll(openAt, { timeout: 60_000 }).toEqual(before.map(({ name, pid }) => ({ name, pid, openConnections: 0 })));
  // Of descriptors there are those of tunnels that are kept, and no more than a few besides.
  const descriptors = (): number[] => before.map(({ pid }) => readdirSync(`/proc/${pid}/fd`).length);
  await expect.poll(() => Math.max(...descriptors()), { timeout: 60_000 }).toBeLessThan(60);
});
