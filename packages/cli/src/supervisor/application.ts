import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, fchownSync, openSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { dialTcp } from '@sallyport/mesh';
import type { CommandUser } from '../isolation/command-user.js';
import { type LaunchPlace, launcher } from '../isolation/workload-launcher.js';
import { identifyProcess, type ProcessIdentity, signalGroup } from '../state/process-identity.js';
import { BackOff } from './back-off.js';

/** What runs a workload: its annotation `sallyport/run`, and where it is to listen. */
export interface ApplicationPlan {
  readonly workload: string;
  readonly command: string;
  readonly folder: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly host: string;
  /** Absent for a workload that declares no port. */
  readonly port?: number;
  /** Of an isolated mesh. */
  readonly isolation?: { readonly place: LaunchPlace; readonly user: CommandUser };
}

/** What an application needs of its supervisor. */
export interface ApplicationOptions {
  readonly logFile: string;
  /** Records the processes that exist; where it rejects, the command is ended again. */
  readonly record: () => Promise<void>;
  readonly report: (detail: string) => void;
}

const probeMs = 40;

/** The command of one workload, in a process group of its own, started again with back-off whenever it ends. */
export class Application {
  readonly plan: ApplicationPlan;
  readonly #options: ApplicationOptions;
  readonly #backOff = new BackOff({ firstMs: 100, longestMs: 15_000, healthyMs: 10_000 });
  #leader: ProcessIdentity | undefined;
  #done: Promise<void> = Promise.resolve();
  readonly #stop = new AbortController();

  constructor(plan: ApplicationPlan, options: ApplicationOptions) {
    this.plan = plan;
    this.#options = options;
  }

  /** The leader of the process group that runs now. */
  get leader(): ProcessIdentity | undefined {
    return this.#leader;
  }

  start(): void {
    this.#done = this.#keep();
  }

  /** Resolves once something listens where this workload should, or it ends, or the time is over; says which. */
  async listening(timeoutMs: number): Promise<boolean> {
    const { host, port, isolation } = this.plan;
    if (port === undefined) return true;
    const deadline = Date.now() + timeoutMs;
    while (!this.#stop.signal.aborted && Date.now() < deadline) {
      if (await accepts(host, port, isolation?.place.namespace)) return true;
      await this.#wait(probeMs);
    }
    return false;
  }

  /** Ends the whole group: politely, and after `graceMs` by force. */
  async stop(graceMs: number): Promise<void> {
    this.#stop.abort();
    const leader = this.#leader;
    if (leader !== undefined) {
      signalGroup(leader, 'SIGTERM');
      const timer = setTimeout(() => signalGroup(leader, 'SIGKILL'), graceMs);
      await this.#done;
      clearTimeout(timer);
    }
    await this.#done;
  }

  async #keep(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const started = Date.now();
      const how = await this.#run().catch((error: Error) => error.message);
      if (this.#stop.signal.aborted) return;
      const wait = this.#backOff.after(Date.now() - started);
      this.#options.report(`ended with ${how}; starting it again in ${wait} ms`);
      await this.#wait(wait);
    }
  }

  /** One life of the command; resolves with how it ended, when nothing of its group is left. */
  async #run(): Promise<string> {
    const child = this.#spawn();
    const ended = howItEnds(child);
    const leader = child.pid === undefined ? undefined : identifyProcess(child.pid);
    this.#leader = leader;
    try {
      if (leader !== undefined) await this.#options.record();
      return await ended;
    } finally {
      // What the command left behind would keep its port, and what could not be recorded nobody would find.
      if (leader !== undefined) signalGroup(leader, 'SIGKILL');
      await ended;
      this.#leader = undefined;
    }
  }

  #spawn(): ChildProcess {
    const { command, folder, environment, host, port, isolation } = this.plan;
    const before = isolation === undefined ? [] : launcher(isolation.place, isolation.user);
    const [file = '', ...args] = [...before, '/bin/sh', '-c', command];
    const log = openSync(this.#options.logFile, 'a', 0o600);
    try {
      // What opens its standard output by name needs the right to.
      if (isolation !== undefined) fchownSync(log, isolation.user.uid, isolation.user.gid);
      return spawn(file, args, {
        cwd: folder,
        env: { ...environment, HOST: host, ...(port === undefined ? {} : { PORT: String(port) }) },
        detached: true,
        stdio: ['ignore', log, log],
      });
    } finally {
      closeSync(log);
    }
  }

  /** Ends early, and quietly, when the application is stopped. */
  #wait(ms: number): Promise<void> {
    return delay(ms, undefined, { signal: this.#stop.signal }).catch(() => undefined);
  }
}

async function howItEnds(child: ChildProcess): Promise<string> {
  try {
    const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
    return signal === null ? `exit status ${code}` : `signal ${signal}`;
  } catch (error) {
    return (error as Error).message;
  }
}

async function accepts(address: string, port: number, namespace: string | undefined): Promise<boolean> {
  try {
    const socket = await dialTcp({ address, port, ...(namespace === undefined ? {} : { namespace }), timeoutMs: 1000 });
    socket.destroy();
    return true;
  } catch {
    return false;
  }
}
