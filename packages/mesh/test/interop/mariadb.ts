import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';

const paths = `${process.env.PATH}:/usr/sbin:/usr/local/sbin`;
const env = { ...process.env, PATH: paths };

/** Whether a MariaDB server and its client are installed. */
export function hasMariaDb(): boolean {
  return ['mariadbd', 'mariadb-install-db', 'mariadb'].every(
    (name) => spawnSync(name, ['--help'], { env, stdio: 'ignore' }).error === undefined,
  );
}

/** A real MariaDB server with an empty data folder of its own, reached by a Unix socket only. */
export class MariaDb {
  private constructor(
    readonly socketPath: string,
    private readonly process: ChildProcess,
    private readonly folder: string,
  ) {}

  /** Starts a server that executes `sql` first; rejects with its output where it does not come up. */
  static async start(sql: string): Promise<MariaDb> {
    const folder = await mkdtemp(join(tmpdir(), 'sallyport-mariadb-'));
    const data = join(folder, 'data');
    const user = `--user=${userInfo().username}`;
    await promisify(execFile)(
      'mariadb-install-db',
      ['--no-defaults', `--datadir=${data}`, user, '--auth-root-authentication-method=normal', '--skip-test-db'],
      { env },
    );
    const init = join(folder, 'init.sql');
    await writeFile(init, sql);
    const socketPath = join(folder, 'db.sock');
    const child = spawn(
      'mariadbd',
      [
        '--no-defaults',
        `--datadir=${data}`,
        user,
        '--skip-networking',
        `--socket=${socketPath}`,
        `--init-file=${init}`,
        '--local-infile=1',
      ],
      { env, stdio: ['ignore', 'ignore', 'pipe'] },
    );
    const printed: string[] = [];
    for await (const line of createInterface({ input: child.stderr })) {
      printed.push(line);
      if (line.includes('ready for connections')) {
        child.stderr.resume();
        return new MariaDb(socketPath, child, folder);
      }
    }
    throw new Error(`MariaDB did not start:\n${printed.slice(-20).join('\n')}`);
  }

  /** Carries one connection to the server. */
  serve(socket: Socket): void {
    const server = connect(this.socketPath);
    server.on('error', () => socket.destroy());
    socket.on('error', () => server.destroy());
    socket.once('close', () => server.destroy());
    server.once('close', () => socket.destroy());
    socket.pipe(server).pipe(socket);
  }

  /** What the server itself says, past every gate. */
  async ask(sql: string): Promise<string> {
    const { stdout } = await promisify(execFile)(
      'mariadb',
      ['--no-defaults', `--socket=${this.socketPath}`, '-uroot', '-N', '-B', '-e', sql],
      {
        env,
      },
    );
    return stdout.trim();
  }

  async stop(): Promise<void> {
    if (this.process.exitCode === null && this.process.signalCode === null) {
      this.process.kill('SIGTERM');
      await once(this.process, 'exit');
    }
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** What a real client printed. */
export interface ClientRun {
  readonly status: number | null;
  readonly out: string;
  readonly errors: string;
}

/** Runs the real client over connections that `open` makes, with statements on its standard input. */
export async function runClient(open: () => Promise<Socket>, sql: string, ...options: readonly string[]): Promise<ClientRun> {
  const listener = createServer({ allowHalfOpen: true }, async (socket) => {
    socket.on('error', () => undefined);
    const mesh = await open();
    mesh.on('error', () => undefined);
    mesh.once('close', () => socket.destroy());
    socket.once('close', () => mesh.destroy());
    socket.pipe(mesh).pipe(socket);
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as { port: number };
  try {
    const base = ['--no-defaults', '-h127.0.0.1', `-P${port}`, '--protocol=TCP', '-uapp', '-psecret', '-N', '-B', '-f', '-n'];
    const child = spawn('mariadb', [...base, ...options], { env, stdio: ['pipe', 'pipe', 'pipe'], timeout: 20_000 });
    child.stdin.on('error', () => undefined);
    child.stdin.end(sql);
    const [out, errors, [status]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
    return { status: status as number | null, out: out.trim(), errors: onlyErrors(errors) };
  } finally {
    listener.close();
  }
}

/** Without the statements, which the client repeats before each error. */
function onlyErrors(printed: string): string {
  return printed
    .split('\n')
    .filter((line) => line.startsWith('ERROR'))
    .join('\n');
}

async function text(stream: NodeJS.ReadableStream): Promise<string> {
  let all = '';
  for await (const chunk of stream) all += String(chunk);
  return all;
}
