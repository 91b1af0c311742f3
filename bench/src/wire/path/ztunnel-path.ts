import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DialTarget } from '../load/dial.js';
import type { BenchPath } from './bench-path.js';
import { ChildProgram } from './child-program.js';
import { NetworkNamespace } from './network-namespace.js';
import { startZtunnel } from './ztunnel.js';

/** Nobody but the two namespaces sees these. */
const client = '10.0.0.1';
const echo = '10.0.0.2';
const echoService = { host: 'echo.bench.svc.cluster.local', port: 9000 };

/** Two of Istio's ztunnels in the places of ours, each in a network namespace, with as many threads as our gates have workers. */
export class ZtunnelPath implements BenchPath {
  readonly name = 'ztunnel';
  readonly connection: DialTarget = { ...echoService, through: { host: '127.0.0.1', port: 15_080 } };

  private constructor(
    readonly entry: readonly string[],
    readonly gates: readonly ChildProgram[],
    private readonly stops: readonly (() => Promise<void>)[],
  ) {}

  /** Starts both, and an application that echoes behind the one. */
  static async start(binary: string, workers: number): Promise<ZtunnelPath> {
    const stops: (() => Promise<void>)[] = [];
    const until = <Part extends { stop(): Promise<void> }>(part: Part): Part => {
      stops.unshift(() => part.stop());
      return part;
    };
    try {
      const folder = await mkdtemp(join(tmpdir(), 'sallyport-bench-ztunnel-'));
      stops.unshift(() => rm(folder, { recursive: true, force: true }));
      const [near, far] = [until(await NetworkNamespace.create()), until(await NetworkNamespace.create())];
      await NetworkNamespace.connect(
        { namespace: near, name: 'veth', addresses: [`${client}/30`] },
        { namespace: far, name: 'veth', addresses: [`${echo}/30`] },
      );
      until(await startEcho(far, join(folder, 'echo.log')));
      const environment = { FAKE_CA: 'true', ZTUNNEL_WORKER_THREADS: String(workers) };
      const shared = { binary, folder, environment, state: meshState };
      const gates = [
        until(await startZtunnel('destination side', { ...shared, namespace: far, workload: 'bench/echo' })),
        until(await startZtunnel('source side', { ...shared, namespace: near, workload: 'bench/client' })),
      ];
      return new ZtunnelPath(near.entry, gates, stops);
    } catch (error) {
      for (const stop of stops) await stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    for (const stop of this.stops) await stop();
  }
}

/** The program that all other paths lead to; this one is another process, as nothing leads out of the namespace. */
function startEcho(namespace: NetworkNamespace, file: string): Promise<ChildProgram> {
  const program = fileURLToPath(new URL('../../programs/echo-server.js', import.meta.url));
  const where = [`HOST=${echo}`, `PORT=${echoService.port}`];
  return ChildProgram.startLogging('echo', { file, until: 'listening' }, [
    ...namespace.entry,
    'env',
    ...where,
    process.execPath,
    program,
  ]);
}

/** What `benchManifests` says, as far as a ztunnel is told: the client, the application, and that it admits the client. */
const meshState = `workloads:
- ${workload('client', client)}
  services: {}
- ${workload('echo', echo)}
  services: { bench/${echoService.host}: { ${echoService.port}: ${echoService.port} } }
services:
- { name: echo, namespace: bench, hostname: ${echoService.host}, vips: [/10.0.1.1], ports: { ${echoService.port}: ${echoService.port} } }
policies:
- name: admit
  namespace: bench
  scope: Namespace
  action: Allow
  dryRun: false
  rules: [[[{ principals: [!Exact cluster.local/ns/bench/sa/client] }]]]
`;

function workload(name: string, address: string): string {
  return `uid: cluster/Pod/bench/${name}
  name: ${name}
  namespace: bench
  serviceAccount: ${name}
  trustDomain: cluster.local
  workloadIps: [${address}]
  protocol: HBONE`;
}
