import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { MeshEvent } from '../../src/supervisor/mesh-event.js';
import { curl, type Outcome, type UpMesh, Workshop } from './local-mesh.js';
import { admits, ingress, waypoint, workloads } from './manifests.js';

/** Streams begin at once and go on; SIGUSR2 ends them as they should. */
const application = `
import { createServer } from 'node:http';
const streams = new Set();
process.on('SIGUSR2', () => { for (const response of streams) response.end('end\\n'); });
createServer((request, response) => {
  response.write('hello ' + request.url + '\\n');
  if (!request.url.endsWith('/stream')) return response.end();
  const ticking = setInterval(() => response.write('tick\\n'), 20);
  streams.add(response);
  response.once('close', () => { clearInterval(ticking); streams.delete(response); });
}).listen(process.env.PORT, process.env.HOST);
`;

/** The same application behind a waypoint, behind another one, behind none, and outside the mesh. */
const manifests = `
${workloads}
---
apiVersion: v1
kind: Service
metadata: {name: behind-one, labels: {istio.io/use-waypoint: waypoint}}
spec: {selector: {app: httpbin}, ports: [{name: http, port: 8000}]}
---
apiVersion: v1
kind: Service
metadata: {name: behind-two, labels: {istio.io/use-waypoint: second}}
spec: {selector: {app: httpbin}, ports: [{name: http, port: 8000}]}
---
apiVersion: v1
kind: Namespace
metadata: {name: plain}
---
apiVersion: v1
kind: Pod
metadata: {namespace: plain, name: outside, labels: {app: outside}, annotations: {sallyport/run: exec node app.mjs}}
spec: {serviceAccountName: outside, containers: [{name: main, image: none, ports: [{containerPort: 8000}]}]}
---
apiVersion: v1
kind: Service
metadata: {namespace: plain, name: outside}
spec: {selector: {app: outside}, ports: [{name: http, port: 8000}]}
---
${waypoint.replaceAll('kind: Service, name: httpbin', 'kind: Service, name: behind-one')}
---
${waypoint
  .replaceAll('kind: Service, name: httpbin', 'kind: Service, name: behind-two')
  .replace('name: waypoint,', 'name: second,')
  .replace('name: reads', 'name: reads-too')}
---
${ingress}
`;

const gates = {
  source: 'ztunnel-source',
  destination: 'ztunnel-destination',
  one: 'waypoint default/waypoint',
  two: 'waypoint default/second',
  front: 'gateway default/front',
} as const;

/** A way to an application, by the gates on it. */
interface Way {
  readonly name: string;
  readonly through: readonly string[];
  readonly url: string;
  readonly proxy?: string;
}

let workshop: Workshop;
let mesh: UpMesh;
let ways: readonly Way[];
let applications: readonly number[];
const streams: Stream[] = [];

beforeEach(async () => {
  workshop = await Workshop.open();
  const policies = ['sleep', 'waypoint', 'second', 'front-istio'].map(admits).join('---');
  const files = { 'workloads.yaml': manifests, 'app.mjs': application, 'policy.yaml': policies };
  mesh = await workshop.up(await workshop.folder('mesh', files));
  const proxy = (await mesh.exec('sleep', ['printenv', 'ALL_PROXY'])).stdout.trim();
  const status = await mesh.status();
  const front = status.gates.find(({ name }) => name === gates.front)?.address ?? '';
  applications = status.workloads.flatMap(({ application: one }) => (one.state === 'running' ? one.pid : []));
  const { source, destination, one, two } = gates;
  ways = [
    { name: 'direct', through: [source, destination], url: 'http://httpbin:8000', proxy },
    { name: 'one', through: [source, one, destination], url: 'http://behind-one:8000', proxy },
    { name: 'two', through: [source, two, destination], url: 'http://behind-two:8000', proxy },
    { name: 'outside', through: [source], url: 'http://outside.plain:8000', proxy },
    { name: 'ingress', through: [gates.front, destination], url: `http://${front}:18080` },
  ];
});
afterEach(async () => {
  for (const stream of streams.splice(0)) stream.stop();
  await workshop.close();
});

const proxied = ({ proxy }: Way) => (proxy === undefined ? {} : { ALL_PROXY: proxy });
const get = (way: Way): Promise<Outcome> => curl(`${way.url}/public/1`, proxied(way));

/** A response that goes on, to the real curl. */
class Stream {
  readonly way: Way;
  readonly ended: Promise<number | null>;
  #text = '';
  #isOver = false;
  readonly #child;

  constructor(way: Way) {
    const { PATH } = process.env;
    this.way = way;
    this.#child = spawn('curl', ['-sN', `${way.url}/public/stream`], {
      env: { PATH, ...proxied(way) },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    this.#child.stdout.on('data', (chunk: Buffer) => {
      this.#text += chunk.toString();
    });
    this.ended = once(this.#child, 'close').then(([status]) => {
      this.#isOver = true;
      return status as number | null;
    });
    streams.push(this);
  }

  get text(): string {
    return this.#text;
  }

  /** Resolves once more of it has come; rejects where it has ended. */
  async goesOn(): Promise<void> {
    const before = this.#text.length;
    await expect.poll(() => this.#isOver || this.#text.length > before, { timeout: 20_000 }).toBe(true);
    if (this.#isOver) throw new Error(`the response on the way \`${this.way.name}\` has ended`);
  }

  stop(): void {
    this.#child.kill('SIGKILL');
  }
}

async function open(): Promise<Stream[]> {
  const opened = ways.map((way) => new Stream(way));
  for (const stream of opened) await stream.goesOn();
  return opened;
}

/** Requests on all these ways, one after the other, for as long as `work` takes; resolves with those that failed. */
async function underLoad(on: readonly Way[], work: () => Promise<void>): Promise<{ asked: number; failed: unknown[] }> {
  const failed: unknown[] = [];
  let asked = 0;
  let over = false;
  const clients = on.map(async (way) => {
    do {
      const outcome = await get(way);
      asked += 1;
      if (outcome.stdout !== 'hello /public/1\n') failed.push({ way: way.name, ...outcome });
    } while (!over);
  });
  try {
    await work();
  } finally {
    over = true;
    await Promise.all(clients);
  }
  return { asked, failed };
}

function restarted(name: string) {
  return (event: MeshEvent): event is Extract<MeshEvent, { event: 'gate' }> =>
    event.event === 'gate' && event.gate === name && event.what === 'restarted';
}

const pidOf = async (gate: string) => (await mesh.status()).gates.find(({ name }) => name === gate)?.pid ?? 0;

describe('a gate that is restarted', () => {
  test.each(Object.values(gates))('by kill -9 loses its own connections, and no other request fails: %s', async (gate) => {
    const opened = await open();
    const apart = ways.filter(({ through }) => !through.includes(gate));
    const lost = opened.filter(({ way }) => !apart.includes(way));
    const { asked, failed } = await underLoad(apart, async () => {
      const since = mesh.events.length;
      process.kill(await pidOf(gate), 'SIGKILL');
      await Promise.all(lost.map(({ ended }) => ended));
      await mesh.find(restarted(gate), since);
    });
    expect(failed).toEqual([]);
    expect(asked).toBeGreaterThanOrEqual(apart.length);
    for (const stream of opened) if (!lost.includes(stream)) await stream.goesOn();
    for (const way of ways) await expect.poll(async () => (await get(way)).stdout, { timeout: 20_000 }).toBe('hello /public/1\n');
  });

  test.each(Object.values(gates))('by SIGTERM lets what it carries come to its end: %s', async (gate) => {
    const opened = await open();
    const apart = ways.filter(({ through }) => !through.includes(gate));
    const { failed } = await underLoad(apart, async () => {
      const since = mesh.events.length;
      process.kill(await pidOf(gate), 'SIGTERM');
      const refused = ways.filter(({ through }) => through[0] === gate);
      await Promise.all(
        refused.map((way) => expect.poll(async () => (await get(way)).status, { timeout: 20_000, interval: 10 }).toBe(7)),
      );
      await Promise.all(opened.map((stream) => stream.goesOn()));
      for (const pid of applications) process.kill(pid, 'SIGUSR2');
      const ends = await Promise.all(opened.map(async ({ way, ended }) => ({ way: way.name, status: await ended })));
      expect(ends.filter(({ status }) => status !== 0)).toEqual([]);
      for (const { text } of opened) expect(text.endsWith('end\n')).toBe(true);
      await mesh.find(restarted(gate), since);
    });
    expect(failed).toEqual([]);
    for (const way of ways) await expect.poll(async () => (await get(way)).stdout, { timeout: 20_000 }).toBe('hello /public/1\n');
  });
});
