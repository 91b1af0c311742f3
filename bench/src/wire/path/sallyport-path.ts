import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MeshProcess } from '@sallyport/conformance';
import { type DialTarget, parseProxy, type SocksListener } from '../load/dial.js';
import { benchManifests } from './bench-manifests.js';
import type { BenchPath, GateProcess, SocketAddress } from './bench-path.js';

const echoService = { host: 'echo.bench.svc.cluster.local', port: 9000 };
/** No change takes longer. */
const changeMs = 30_000;
const webService = { host: 'web.bench-waypoint.svc.cluster.local', port: 8000 };

/** Our own gates: a mesh of the real command, with a process for each gate. */
export class SallyportPath implements BenchPath {
  readonly name: 'sallyport' | 'sallyport-traced';
  readonly connection: DialTarget;
  readonly requests: DialTarget;
  readonly #mesh: MeshProcess;

  private constructor(mesh: MeshProcess, proxy: SocksListener, isTraced: boolean) {
    this.#mesh = mesh;
    this.name = isTraced ? 'sallyport-traced' : 'sallyport';
    this.connection = { ...echoService, through: proxy };
    this.requests = { ...webService, through: proxy };
  }

  /**
   * Starts the mesh in a temporary folder, its applications too, which all other paths lead to as well; `files` are beside its manifests.
   * With a collector, all gates export traces to it.
   */
  static async start(workers: number, files: Readonly<Record<string, string>> = {}, collector?: string): Promise<SallyportPath> {
    const folder = await mkdtemp(join(tmpdir(), 'sallyport-bench-'));
    let mesh: MeshProcess | undefined;
    try {
      await writeFile(join(folder, 'bench.yaml'), benchManifests());
      for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
      const traces = collector === undefined ? [] : ['--otlp', collector];
      mesh = await MeshProcess.start(folder, { flags: ['--quiet', '--workers', String(workers), ...traces] });
      const { stdout } = await mesh.exec('bench/client', ['/bin/sh', '-c', 'echo "$ALL_PROXY"']);
      return new SallyportPath(mesh, parseProxy(stdout.trim()), collector !== undefined);
    } catch (error) {
      await mesh?.stop();
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  get gates(): readonly GateProcess[] {
    return this.#mesh.report.gates.flatMap(({ name, pid, workers = [{ pid }] }) =>
      workers.flatMap((worker) => (worker.pid === undefined ? [] : [{ name, pid: worker.pid }])),
    );
  }

  /** Replaces a file of the folder, as a whole, and resolves once that is in force at every gate. */
  async change(name: string, content: string): Promise<void> {
    const { folder } = this.#mesh;
    const inForce = this.#mesh.next(({ event }) => event === 'changed', changeMs);
    // A hidden file is none of the mesh's.
    await writeFile(join(folder, '.next'), content);
    await rename(join(folder, '.next'), join(folder, name));
    await inForce;
  }

  /** Where the applications themselves listen. */
  get applications(): { readonly echo: SocketAddress; readonly web: SocketAddress } {
    return { echo: this.#application('bench/echo'), web: this.#application('bench-waypoint/web') };
  }

  /** Ends it, processes and folder. */
  async stop(): Promise<void> {
    await this.#mesh.stop();
    await rm(this.#mesh.folder, { recursive: true, force: true });
  }

  #application(workload: string): SocketAddress {
    const application = this.#mesh.report.workloads.find(({ key }) => key === workload)?.application;
    if (application?.address === undefined || application.port === undefined) throw new Error(`nothing runs ${workload}`);
    return { host: application.address, port: application.port };
  }
}
