import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream';
import { fileURLToPath } from 'node:url';
// Compiled, as what it starts is a program beside it.
import { LoadMaker } from '../../../../bench/dist/wire/load/load-maker.js';
import type { DialTarget } from '../../../../bench/src/wire/load/dial.js';
import { ChildProgram } from '../../../../bench/src/wire/path/child-program.js';
import type { Gate } from '../../src/gate.js';
import { L7Mesh, runHttp } from '../l7/l7-mesh.js';
import { inventoryOf, TestMesh } from '../support/test-mesh.js';
import { OtherSide, ours, placeOnWire, RealZtunnel, theirs, type ZtunnelState } from './real-ztunnel.js';

const echoServer = fileURLToPath(new URL('../../../../bench/dist/programs/echo-server.js', import.meta.url));
/** A command needs no help to run here. */
export const here: readonly string[] = [];

/** Gates of ours on this side of a wire, a real ztunnel on the other, and applications; all of a test ends with it. */
export class ZtunnelWorld {
  /** Called when our application is asked for what it never answers. */
  onSilence: () => void = () => undefined;
  readonly #cleanups: (() => unknown)[] = [];

  private constructor(
    private readonly binary: string,
    readonly there: OtherSide,
  ) {}

  static async open(binary: string): Promise<ZtunnelWorld> {
    return new ZtunnelWorld(binary, await OtherSide.open());
  }

  /** Ends what a test has started. */
  async endTest(): Promise<void> {
    for (const cleanup of this.#cleanups.splice(0).reverse()) await cleanup();
  }

  /** Has something done at the end of the test. */
  atEnd(cleanup: () => unknown): void {
    this.#cleanups.push(cleanup);
  }

  close(): Promise<void> {
    return this.there.stop();
  }

  /** Starts both ztunnels of ours, with an application behind shop/server. */
  async startMesh(manifests: readonly string[]): Promise<TestMesh> {
    const mesh = await TestMesh.start(manifests, (made) => this.#prepare(made, manifests));
    this.#cleanups.push(() => mesh.stop());
    return mesh;
  }

  async startL7(manifests: readonly string[]): Promise<L7Mesh> {
    const l7 = await L7Mesh.start(manifests, (made) => this.#prepare(made, manifests));
    this.#cleanups.push(() => l7.stop());
    return l7;
  }

  async #prepare(mesh: TestMesh, manifests: readonly string[]): Promise<void> {
    placeOnWire(mesh, manifests);
    await runHttp(mesh, 'shop/server', 8080, (request, response) => {
      if (request.url === '/silence') this.onSilence();
      else if (request.method === 'POST') request.pipe(response);
      else response.end(`here: ${request.method} ${request.url}`);
    });
  }

  /** The application of the benchmark, which echoes or swallows. */
  async startApplication(entry: readonly string[], address: string): Promise<void> {
    const folder = await mkdtemp(join(tmpdir(), 'sallyport-ztunnel-'));
    this.#cleanups.push(() => rm(folder, { recursive: true, force: true }));
    const log = { file: join(folder, 'application.log'), until: 'listening' };
    const command = [...entry, 'env', `HOST=${address}`, 'PORT=8080', process.execPath, echoServer];
    const application = await ChildProgram.startLogging('application', log, command);
    this.#cleanups.push(() => application.stop());
  }

  /** More connections than one carries, with messages there and back; then streams that are compared with what arrived. */
  async exchangeMuch(entry: readonly string[], target: DialTarget): Promise<void> {
    const loadMaker = new LoadMaker(entry);
    this.#cleanups.push(() => loadMaker.stop());
    await loadMaker.perform({ kind: 'hold', target, connections: 250 });
    await loadMaker.perform({ kind: 'exchange', milliseconds: 300 });
    const { rate = 0 } = await loadMaker.perform({ kind: 'throughput', target, connections: 8, milliseconds: 500 });
    if (rate === 0) throw new Error('nothing was carried');
  }

  /**
   * Puts manifests in force at these gates alone: what is behind the real ztunnel is not for our destination side to serve. Our source
   * side listens at every workload's address, so that of the other side is reached through one of ours.
   */
  async putAt(gates: readonly Gate[], mesh: TestMesh, manifests: readonly string[]): Promise<void> {
    const relay = createServer((socket) => pipeline(socket, connect(15008, theirs), socket, () => undefined));
    relay.listen(15008, ours(20));
    await once(relay, 'listening');
    this.#cleanups.push(async () => void relay.close());
    mesh.addresses.placeAt(theirs, ours(20));
    const snapshot = mesh.snapshot(inventoryOf(manifests));
    for (const gate of gates) await gate.prepare(snapshot);
    for (const gate of gates) gate.commit(snapshot.number);
  }

  async serveThere(): Promise<void> {
    const application = await this.there.serve(8080);
    this.#cleanups.push(() => application.stop());
  }

  async startReal(
    mesh: TestMesh,
    workload: string,
    state: ZtunnelState,
    environment: Readonly<Record<string, string>> = {},
  ): Promise<RealZtunnel> {
    const real = await RealZtunnel.start(this.binary, this.there, mesh.authority, workload, state, environment);
    this.#cleanups.push(() => real.stop());
    return real;
  }
}

/** Where a workload or gateway is on the wire. */
export function socketOf(l7: L7Mesh, key: string): string {
  return l7.gate(key).status().listeners[0]?.address ?? '';
}
