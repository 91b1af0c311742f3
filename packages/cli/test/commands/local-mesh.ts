import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { MeshEvent } from '../../src/supervisor/mesh-event.js';
import type { MeshStatus } from '../../src/supervisor/mesh-status.js';

const bin = fileURLToPath(new URL('../../bin/sallyport.js', import.meta.url));

/** What a command left. */
export interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A place for meshes of one test file: folders of manifests, and a state folder that no other test sees. */
export class Workshop {
  readonly directory: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly #meshes: UpMesh[] = [];

  /** Whose processes these are, where not this user's. */
  readonly user: { readonly uid: number; readonly gid: number } | undefined;

  private constructor(directory: string, uid: number | undefined) {
    this.directory = directory;
    this.user = uid === undefined ? undefined : { uid, gid: uid };
    const { SALLYPORT_MESH: _, ...inherited } = process.env;
    this.environment = { ...inherited, XDG_RUNTIME_DIR: directory };
  }

  static async open(uid?: number): Promise<Workshop> {
    const directory = await mkdtemp(join(tmpdir(), 'sp-'));
    if (uid !== undefined) await chown(directory, uid, uid);
    return new Workshop(directory, uid);
  }

  /** Writes files below a folder of this workshop; resolves with the folder. */
  async folder(name: string, files: Readonly<Record<string, string>>): Promise<string> {
    for (const [path, content] of Object.entries(files)) {
      const file = join(this.directory, name, path);
      await mkdir(dirname(file), { recursive: true });
      await writeFile(file, content);
    }
    return join(this.directory, name);
  }

  /** Runs the command to its end. */
  async run(args: readonly string[], options: { input?: string; environment?: NodeJS.ProcessEnv } = {}): Promise<Outcome> {
    const child = spawn(process.execPath, [bin, ...args], {
      cwd: this.directory,
      env: { ...this.environment, ...options.environment },
      stdio: 'pipe',
      ...this.user,
    });
    child.stdin.end(options.input ?? '');
    return outcomeOf(child);
  }

  /** Starts a mesh and resolves once it is ready. */
  async up(folder: string, options: readonly string[] = []): Promise<UpMesh> {
    const mesh = new UpMesh(this, folder, options);
    this.#meshes.push(mesh);
    await mesh.next('ready');
    return mesh;
  }

  /** Ends every mesh and removes everything. */
  async close(): Promise<void> {
    for (const mesh of this.#meshes) await mesh.end();
    await rm(this.directory, { recursive: true, force: true });
  }
}

/** A mesh that `sallyport up -o json` runs. */
export class UpMesh {
  readonly folder: string;
  readonly supervisor: ChildProcess;
  readonly events: MeshEvent[] = [];
  readonly ended: Promise<Outcome>;
  readonly #workshop: Workshop;
  #wake: () => void = () => undefined;

  constructor(workshop: Workshop, folder: string, options: readonly string[] = []) {
    this.folder = folder;
    this.#workshop = workshop;
    const child = spawn(process.execPath, [bin, 'up', '-o', 'json', ...options, folder], {
      cwd: workshop.directory,
      env: workshop.environment,
      stdio: ['ignore', 'pipe', 'pipe'],
      ...workshop.user,
    });
    this.supervisor = child;
    createInterface(child.stdout).on('line', (line) => {
      this.events.push(JSON.parse(line) as MeshEvent);
      this.#wake();
    });
    this.ended = Promise.all([once(child, 'close'), text(child.stderr)]).then(([[status], stderr]) => {
      this.#wake();
      return { status: status as number | null, stdout: '', stderr };
    });
  }

  /** The first event of a kind from the `since`th on, waited for. */
  async next<Kind extends MeshEvent['event']>(kind: Kind, since = 0): Promise<Extract<MeshEvent, { event: Kind }>> {
    return this.find((event): event is Extract<MeshEvent, { event: Kind }> => event.event === kind, since);
  }

  /** The first event that satisfies `test` from the `since`th on, waited for. */
  async find<Found extends MeshEvent>(test: (event: MeshEvent) => event is Found, since = 0): Promise<Found> {
    let over = false;
    const ended = this.ended.then((outcome) => {
      over = true;
      return outcome;
    });
    for (;;) {
      const found = this.events.slice(since).find(test);
      if (found !== undefined) return found;
      if (over) throw new Error(`the mesh ended: ${JSON.stringify(await ended)} ${JSON.stringify(this.events)}`);
      await Promise.race([
        ended,
        new Promise<void>((resolve) => {
          this.#wake = resolve;
        }),
      ]);
    }
  }

  async status(): Promise<MeshStatus> {
    const { stdout, stderr } = await this.#workshop.run(['status', '-o', 'json', '--mesh', this.folder]);
    if (stdout === '') throw new Error(stderr);
    return JSON.parse(stdout) as MeshStatus;
  }

  exec(workload: string, command: readonly string[], input?: string): Promise<Outcome> {
    return this.#workshop.run(['exec', '--mesh', this.folder, workload, '--', ...command], input === undefined ? {} : { input });
  }

  /** A client that is this workload without starting our command each time. */
  async client(workload: string): Promise<(url: string) => Promise<Outcome>> {
    const { stdout } = await this.exec(workload, ['printenv', 'ALL_PROXY']);
    return (url) => curl(url, { ALL_PROXY: stdout.trim() });
  }

  /** Ends everything that is left of it. */
  async end(): Promise<void> {
    this.supervisor.kill('SIGTERM');
    await this.ended;
    await this.#workshop.run(['down', this.folder]);
  }
}

/** One request by the real curl. */
export function curl(url: string, environment: NodeJS.ProcessEnv = {}): Promise<Outcome> {
  const { PATH } = process.env;
  return outcomeOf(spawn('curl', ['-sS', '-m', '60', url], { env: { PATH, ...environment }, stdio: 'pipe' }));
}

async function outcomeOf(child: ChildProcess): Promise<Outcome> {
  const { stdout, stderr } = child;
  if (stdout === null || stderr === null) throw new Error('no pipes');
  const [out, errors, [status]] = await Promise.all([text(stdout), text(stderr), once(child, 'close')]);
  return { status: status as number | null, stdout: out, stderr: errors };
}
