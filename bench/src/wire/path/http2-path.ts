import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BenchPath, SocketAddress } from './bench-path.js';
import { issueCertificates } from './certificates.js';
import { ChildProgram, freePort } from './child-program.js';

/** The yardstick: two plain Node.js processes that tunnel with `node:http2` and do nothing else, one thread each. */
export class Http2Path implements BenchPath {
  readonly name = 'node-http2';

  private constructor(
    readonly connection: SocketAddress,
    readonly gates: readonly ChildProgram[],
    private readonly folder: string,
  ) {}

  static async start({ host, port }: SocketAddress): Promise<Http2Path> {
    const program = fileURLToPath(new URL('../../programs/http2-side.js', import.meta.url));
    const folder = await mkdtemp(join(tmpdir(), 'sallyport-bench-http2-'));
    const gates: ChildProgram[] = [];
    const listen = await freePort();
    const gate = await freePort();
    try {
      const { client, server } = await issueCertificates(['client', 'server']);
      const fileOf = (name: string): string => join(folder, `${name}.json`);
      await writeFile(fileOf('client'), JSON.stringify(client), { mode: 0o600 });
      await writeFile(fileOf('server'), JSON.stringify(server), { mode: 0o600 });
      const side = (name: string, ...args: readonly (string | number)[]): string[] => [
        process.execPath,
        program,
        name,
        ...args.map(String),
      ];
      gates.push(await ChildProgram.start('destination side', gate, side('destination', gate, host, port, fileOf('server'))));
      gates.push(
        await ChildProgram.start('source side', listen, side('source', listen, gate, `${host}:${port}`, fileOf('client'))),
      );
    } catch (error) {
      await Promise.all(gates.map((started) => started.stop()));
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
    return new Http2Path({ host: '127.0.0.1', port: listen }, gates, folder);
  }

  async stop(): Promise<void> {
    await Promise.all(this.gates.map((gate) => gate.stop()));
    await rm(this.folder, { recursive: true, force: true });
  }
}
