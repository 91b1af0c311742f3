import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BenchPath, SocketAddress } from './bench-path.js';
import { issueCertificates } from './certificates.js';
import { ChildProgram, freePort } from './child-program.js';
import * as config from './envoy-config.js';

/** Three Envoys in the places of our gates: both sides of a tunnel, and a waypoint, each with as many threads as our gates have workers. */
export class EnvoyPath implements BenchPath {
  readonly name = 'envoy';

  private constructor(
    readonly connection: SocketAddress,
    readonly requests: SocketAddress,
    readonly gates: readonly ChildProgram[],
    private readonly folder: string,
  ) {}

  /** Starts them in front of two applications: one that echoes, one that speaks HTTP. */
  static async start(
    binary: string,
    workers: number,
    applications: { readonly echo: SocketAddress; readonly web: SocketAddress },
  ): Promise<EnvoyPath> {
    const folder = await mkdtemp(join(tmpdir(), 'sallyport-bench-envoy-'));
    const { ports, configurations } = await plan(folder, applications);
    const gates: ChildProgram[] = [];
    try {
      for (const [name, { port, text }] of Object.entries(configurations)) {
        const file = join(folder, `${name}.json`);
        await writeFile(file, JSON.stringify(text), { mode: 0o600 });
        const options = ['--concurrency', String(workers), '--disable-hot-restart', '-l', 'error'];
        gates.push(await ChildProgram.start(name, port, [binary, '-c', file, ...options]));
      }
    } catch (error) {
      await Promise.all(gates.map((gate) => gate.stop()));
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
    return new EnvoyPath(ports.connection, ports.requests, gates, folder);
  }

  async stop(): Promise<void> {
    await Promise.all(this.gates.map((gate) => gate.stop()));
    await rm(this.folder, { recursive: true, force: true });
  }
}

async function plan(folder: string, { echo, web }: { readonly echo: SocketAddress; readonly web: SocketAddress }) {
  const { client, waypoint, server } = await issueCertificates(['client', 'waypoint', 'server']);
  const here = async (): Promise<SocketAddress> => ({ host: '127.0.0.1', port: await freePort() });
  const [connection, requests, toWaypoint, toEcho, toWeb] = [
    await here(),
    await here(),
    await here(),
    await here(),
    await here(),
  ];
  const log = (gate: string): string => join(folder, `${gate}.log`);
  const destination = config.configuration(
    [
      config.tunnelEnd({
        name: 'echo',
        listen: toEcho,
        certificate: server,
        cluster: 'echo',
        admits: client.identity,
        log: log('destination'),
      }),
      config.tunnelEnd({
        name: 'web',
        listen: toWeb,
        certificate: server,
        cluster: 'web',
        admits: waypoint.identity,
        log: log('destination'),
      }),
    ],
    [config.plainCluster('echo', echo), config.plainCluster('web', web)],
  );
  const middle = config.configuration(
    [
      config.tunnelEnd({ name: 'terminate', listen: toWaypoint, certificate: waypoint, cluster: 'judge' }),
      config.requestListener('judge', client.identity, 'originate', log('waypoint')),
      config.tunnelListener('originate', config.insideProcess, 'onward', authority(web)),
    ],
    [
      config.internalCluster('judge', 'judge'),
      config.internalCluster('originate', 'originate'),
      config.tunnelCluster('onward', toWeb, waypoint, server.identity),
    ],
  );
  const source = config.configuration(
    [
      config.tunnelListener('direct', config.onSocket(connection), 'destination', authority(echo), log('source')),
      config.tunnelListener('via-waypoint', config.onSocket(requests), 'waypoint', authority(web), log('source')),
    ],
    [
      config.tunnelCluster('destination', toEcho, client, server.identity),
      config.tunnelCluster('waypoint', toWaypoint, client, waypoint.identity),
    ],
  );
  return {
    ports: { connection, requests },
    configurations: {
      'destination side': { port: toEcho.port, text: destination },
      waypoint: { port: toWaypoint.port, text: middle },
      'source side': { port: connection.port, text: source },
    },
  };
}

function authority({ host, port }: SocketAddress): string {
  return `${host}:${port}`;
}
