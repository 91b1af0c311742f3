import { createServer, type IncomingMessage, type RequestListener, request } from 'node:http';
import { createServer as createHttp2Server, type ServerHttp2Stream } from 'node:http2';
import type { Duplex } from 'node:stream';
import { startEastWest } from '../../src/east-west/east-west-gateway.js';
import type { Gate, Snapshot } from '../../src/gate.js';
import { startGateway } from '../../src/gateway/gateway.js';
import type { HttpLimits } from '../../src/http/limits.js';
import { startWaypoint } from '../../src/waypoint/waypoint.js';
import { inventoryOf, TestMesh } from '../support/test-mesh.js';

/** A Gateway of class `istio-waypoint`. */
export function waypoint(namespace: string, name: string, waypointFor = 'service'): string {
  return `
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { namespace: ${namespace}, name: ${name}, labels: { istio.io/waypoint-for: ${waypointFor} } }
spec:
  gatewayClassName: istio-waypoint
  listeners: [{ name: mesh, port: 15008, protocol: HBONE }]
`;
}

/** A service with named ports behind a waypoint; `ports` as in the manifest. */
export function servedBy(gateway: string, namespace: string, name: string, address: string, ports: string): string {
  return `
apiVersion: v1
kind: Service
metadata: { namespace: ${namespace}, name: ${name}, labels: { istio.io/use-waypoint: ${gateway} } }
spec:
  clusterIP: ${address}
  selector: { app: ${name} }
  ports: ${ports}
`;
}

/** Ztunnels, waypoints and ingress gateways over a set of manifests. */
export class L7Mesh {
  readonly #gates = new Map<string, Gate>();

  private constructor(readonly mesh: TestMesh) {}

  static async start(
    manifests: readonly string[],
    prepare: (mesh: TestMesh) => unknown = () => undefined,
    limits: Partial<HttpLimits> = {},
  ): Promise<L7Mesh> {
    const started = new L7Mesh(await TestMesh.start(manifests, prepare));
    const { mesh } = started;
    const inventory = inventoryOf(manifests);
    const snapshot = mesh.snapshot(inventory);
    await mesh.put(snapshot);
    const shared = {
      snapshot,
      credentials: mesh.authority,
      revocation: mesh.lists,
      metrics: mesh.metrics,
      log: (line: string) => started.write(line),
      decisions: mesh.decisions,
      ...(mesh.tracer === undefined ? {} : { tracer: mesh.tracer }),
    };
    for (const { key, role } of inventory.gateways.values()) {
      const start = role === 'waypoint' ? startWaypoint : role === 'east-west' ? startEastWest : startGateway;
      started.#gates.set(
        key,
        await start({ ...shared, gateway: key, limits: { lingerMs: 200, connectTimeoutMs: 2_000, ...limits } }),
      );
    }
    return started;
  }

  readonly log: string[] = [];
  #waiting: (() => void)[] = [];

  write(line: string): void {
    this.log.push(line);
    for (const wake of this.#waiting.splice(0)) wake();
  }

  /** The first line of a waypoint or gateway that has all of these in it, now or later. */
  async logged(...parts: readonly string[]): Promise<string> {
    for (;;) {
      const found = this.log.find((line) => parts.every((part) => line.includes(part)));
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  gate(key: string): Gate {
    const gate = this.#gates.get(key);
    if (gate === undefined) throw new Error(`no gate ${key}`);
    return gate;
  }

  /** Puts other manifests in force at all gates. */
  async change(manifests: readonly string[]): Promise<void> {
    await this.put(this.mesh.snapshot(inventoryOf(manifests)));
  }

  async put(snapshot: Snapshot): Promise<void> {
    for (const gate of this.#gates.values()) await gate.prepare(snapshot);
    await this.mesh.put(snapshot);
    for (const gate of this.#gates.values()) gate.commit(snapshot.number);
  }

  /** Runs an HTTP/1.1 application for a workload. */
  async serve(workloadKey: string, port: number, listener: RequestListener): Promise<void> {
    const server = createServer(listener);
    await this.mesh.run(workloadKey, port, (socket) => server.emit('connection', socket));
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#gates.values()].map((gate) => gate.close(0)));
    await this.mesh.stop();
  }
}

/** Runs an HTTP/1.1 application for a workload while a mesh starts. */
export async function runHttp(mesh: TestMesh, workloadKey: string, port: number, listener: RequestListener): Promise<void> {
  const server = createServer(listener);
  await mesh.run(workloadKey, port, (socket) => server.emit('connection', socket));
}

/** Runs an HTTP/2 application for a workload while a mesh starts. */
export async function runHttp2(
  mesh: TestMesh,
  workloadKey: string,
  port: number,
  onStream: (stream: ServerHttp2Stream, headers: Record<string, unknown>) => void,
): Promise<void> {
  const server = createHttp2Server();
  server.on('stream', (stream, headers) => onStream(stream, headers));
  await mesh.run(workloadKey, port, (socket) => server.emit('connection', socket));
}

/** What came back for a request. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/** Sends one HTTP/1.1 request over a byte stream. */
export function ask(
  stream: Duplex,
  options: { method?: string; path?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { method = 'GET', path = '/', headers = {}, body } = options;
    const call = request(
      { method, path, headers: { host: 'server.shop', ...headers }, createConnection: () => stream },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks).toString() });
        });
      },
    );
    call.on('error', reject);
    call.end(body);
  });
}

/** Reads on until the text has come; rejects where the stream closes before. What follows the text is left for the next call. */
export function readUntil(stream: Duplex, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let seen = '';
    const onReadable = () => {
      for (let chunk = stream.read() as Buffer | null; chunk !== null; chunk = stream.read() as Buffer | null) {
        seen += chunk.toString('latin1');
        const at = seen.indexOf(text);
        if (at >= 0) {
          stream.off('readable', onReadable).off('close', onClose);
          const rest = seen.slice(at + text.length);
          if (rest !== '') stream.unshift(Buffer.from(rest, 'latin1'));
          resolve(seen.slice(0, at + text.length));
          return;
        }
      }
    };
    const onClose = () => reject(new Error(`closed after ${JSON.stringify(seen)}`));
    stream.on('readable', onReadable).once('close', onClose);
    onReadable();
  });
}
