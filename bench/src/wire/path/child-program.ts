import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { GateProcess } from './bench-path.js';

const startMs = 10_000;

/** A program that listens, run for as long as it is measured. */
export class ChildProgram implements GateProcess {
  readonly #child: ChildProcess;

  private constructor(
    readonly name: string,
    child: ChildProcess,
  ) {
    this.#child = child;
  }

  /** Starts it and waits until it listens on `port` of loopback; rejects where it ends before, or takes too long. */
  static async start(name: string, port: number, command: readonly string[]): Promise<ChildProgram> {
    return ChildProgram.#start(name, command, 'ignore', () => takesConnections(port));
  }

  /** Starts it with what it prints in a file, and waits until that has the text in it; rejects as `start` does. */
  static async startLogging(
    name: string,
    { file, until }: { readonly file: string; readonly until: string },
    command: readonly string[],
  ): Promise<ChildProgram> {
    const output = await open(file, 'a', 0o600);
    try {
      return await ChildProgram.#start(name, command, output.fd, async () => (await readFile(file, 'utf8')).includes(until));
    } finally {
      await output.close();
    }
  }

  static async #start(
    name: string,
    [program = '', ...args]: readonly string[],
    output: 'ignore' | number,
    isReady: () => Promise<boolean>,
  ): Promise<ChildProgram> {
    const child = spawn(program, args, { stdio: ['ignore', output, 'inherit'] });
    const failed = once(child, 'error').then(([error]) => Promise.reject(error as Error));
    const started = new ChildProgram(name, child);
    try {
      await Promise.race([started.#untilReady(isReady), failed]);
    } catch (error) {
      await started.stop();
      throw error;
    }
    return started;
  }

  /** What is measured has no common way to say that it listens, so it is looked at. */
  async #untilReady(isReady: () => Promise<boolean>): Promise<void> {
    const end = Date.now() + startMs;
    while (Date.now() < end) {
      const { exitCode, signalCode } = this.#child;
      if (exitCode !== null || signalCode !== null)
        throw new Error(`${this.name} ended with ${signalCode ?? `status ${exitCode}`}`);
      if (await isReady()) return;
      await delay(50);
    }
    throw new Error(`${this.name} did not get ready`);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  async stop(): Promise<void> {
    if (this.#child.pid === undefined || this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    await ended;
  }
}

async function takesConnections(port: number): Promise<boolean> {
  const socket = connect({ host: '127.0.0.1', port });
  const [event] = await Promise.race([
    once(socket, 'connect').then(() => ['connect']),
    once(socket, 'close').then(() => ['close']),
  ]).catch(() => ['error']);
  socket.on('error', () => undefined).destroy();
  return event === 'connect';
}

/** A port of loopback that nothing listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}
