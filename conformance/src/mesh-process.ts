import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { WorkloadShell } from './workload-shell.js';

/** The part of `sallyport status -o json` that is used here. */
export interface MeshReport {
  readonly isolation: string;
  readonly gates: readonly {
    readonly name: string;
    readonly pid?: number;
    readonly workers?: readonly { readonly pid?: number }[];
    readonly address?: string;
    readonly metrics: string;
    readonly listeners: readonly { readonly port: number }[];
  }[];
  readonly workloads: readonly {
    readonly key: string;
    readonly address: string;
    readonly ports: readonly number[];
    readonly servedPorts: readonly number[];
    readonly application: { readonly state: string; readonly address?: string; readonly port?: number };
  }[];
}

/** A diagnostic as the command prints it in JSON. */
interface ReportedDiagnostic {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly severity: string;
  readonly code: string;
  readonly message: string;
}

/** One line of `sallyport up -o json`. */
export type MeshEvent =
  | { readonly event: 'ready'; readonly status: MeshReport }
  | { readonly event: 'changed'; readonly snapshot: number; readonly files: readonly string[] }
  | { readonly event: 'refused'; readonly error?: string; readonly diagnostics: readonly ReportedDiagnostic[] }
  | { readonly event: 'line'; readonly from: string; readonly line: string }
  | { readonly event: 'stopping' | 'gate' | 'application' };

/** How a command ended. */
export interface Finished {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

const command = fileURLToPath(new URL('../../packages/cli/bin/sallyport.js', import.meta.url));
const startMilliseconds = 60_000;
/** A supervisor that does not end by then is killed. */
const stopMilliseconds = 60_000;
const commandMilliseconds = 60_000;

/** A mesh that the real command runs, as a process of its own. */
export class MeshProcess {
  readonly folder: string;
  readonly #child: ChildProcess;
  readonly #events = new EventEmitter();
  #report: MeshReport = { isolation: 'none', gates: [], workloads: [] };
  #errors = '';

  private constructor(folder: string, child: ChildProcess) {
    this.folder = folder;
    this.#child = child;
    this.#events.setMaxListeners(0);
    child.stderr?.on('data', (chunk: Buffer) => {
      this.#errors = `${this.#errors}${chunk.toString()}`.slice(-8192);
    });
    // Whatever ends this process, an uncaught error too, does not leave a mesh behind.
    const kill = (): boolean => child.kill('SIGTERM');
    process.once('exit', kill);
    child.once('exit', () => process.off('exit', kill));
    if (child.stdout !== null) createInterface({ input: child.stdout }).on('line', (line) => this.#take(line));
  }

  /** Starts the mesh of a folder and resolves once it is ready. Rejects with what the command said where it does not get there. */
  static async start(
    folder: string,
    options: { readonly ownGroup?: boolean; readonly flags?: readonly string[] } = {},
  ): Promise<MeshProcess> {
    // Ctrl-C at a terminal goes to a whole process group: with one of its own, the mesh ends when it is told to, and not before.
    const detached = options.ownGroup ?? false;
    const child = spawn(process.execPath, [command, 'up', folder, '-o', 'json', ...(options.flags ?? [])], {
      detached,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const mesh = new MeshProcess(folder, child);
    try {
      await mesh.next((event) => event.event === 'ready', startMilliseconds);
    } catch (error) {
      await mesh.stop();
      throw error;
    }
    return mesh;
  }

  /** What was up when the mesh became ready. */
  get report(): MeshReport {
    return this.#report;
  }

  /** Resolves when the mesh has ended, for whatever reason. */
  get ended(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return Promise.resolve();
    return once(this.#child, 'exit').then(() => undefined);
  }

  /** Calls back for every event from now on. Returns a function that stops it. */
  onEvent(listener: (event: MeshEvent) => void): () => void {
    this.#events.on('event', listener);
    return () => this.#events.off('event', listener);
  }

  /** The next event that this function accepts. Rejects where the mesh ends before, or takes too long. */
  next(accepts: (event: MeshEvent) => boolean, milliseconds: number): Promise<MeshEvent> {
    return new Promise((resolve, reject) => {
      const finish = (act: () => void): void => {
        clearTimeout(timer);
        this.#events.off('event', take);
        this.#child.off('exit', gone);
        act();
      };
      const take = (event: MeshEvent): void => {
        if (accepts(event)) finish(() => resolve(event));
      };
      const gone = (): void => finish(() => reject(new Error(this.#errors.trim() || `the mesh of ${this.folder} has ended`)));
      const timer = setTimeout(
        () => finish(() => reject(new Error(`waited ${milliseconds} ms for the mesh of ${this.folder}`))),
        milliseconds,
      );
      this.#events.on('event', take);
      this.#child.once('exit', gone);
      if (this.#child.exitCode !== null || this.#child.signalCode !== null) gone();
    });
  }

  /** Runs a command as a workload of this mesh, NAMESPACE/NAME. */
  exec(workload: string, argv: readonly string[]): Promise<Finished> {
    return runSallyport(['exec', '--mesh', this.folder, workload, '--', ...argv]);
  }

  /** Opens a shell that runs as a workload of this mesh, NAMESPACE/NAME. */
  shell(workload: string): WorkloadShell {
    return new WorkloadShell(process.execPath, [command, 'exec', '--mesh', this.folder, workload, '--']);
  }

  /** Ends the mesh and resolves once its processes are gone. */
  async stop(): Promise<void> {
    const { ended } = this;
    this.#child.kill('SIGTERM');
    const stuck = setTimeout(() => this.#child.kill('SIGKILL'), stopMilliseconds);
    await ended;
    clearTimeout(stuck);
    // Gates outlive a supervisor that was killed.
    if (this.#child.signalCode === 'SIGKILL') await runSallyport(['down', this.folder]);
  }

  #take(line: string): void {
    const event = JSON.parse(line) as MeshEvent;
    if (event.event === 'ready') this.#report = event.status;
    this.#events.emit('event', event);
  }
}

/** Runs the command with these arguments, to its end. */
export function runSallyport(args: readonly string[]): Promise<Finished> {
  return finish(process.execPath, [command, ...args]);
}

/** Runs a program to its end; one that cannot be started or takes too long rejects. */
export function finish(program: string, args: readonly string[]): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const options = { encoding: 'utf8', timeout: commandMilliseconds, maxBuffer: 64 * 1024 * 1024 } as const;
    const child = execFile(program, [...args], options, (error, stdout, stderr) => {
      if (error !== null && (child.exitCode === null || error.killed)) reject(error);
      else resolve({ status: child.exitCode ?? 1, stdout, stderr });
    });
    child.stdin?.end();
  });
}
