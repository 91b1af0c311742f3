import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
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
  static async start(name: string, port: number, [program = '', ...args]: readonly string[]): Promise<ChildProgram> {
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'] });
    const failed = once(child, 'error').then(([error]) => Promise.reject(error as Error));
    const started = new ChildProgram(name, child);
    try {
      await Promise.race([untilListening(child, port), failed]);
    } catch (error) {
      await started.stop();
      throw error;
    }
    return started;
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

/** What is measured has no common way to say that it listens, so it is asked. */
async function untilListening(child: ChildProcess, port: number): Promise<void> {
  const end = Date.now() + startMs;
  while (Date.now() < end) {
    if (child.exitCode !== null) throw new Error(`${child.spawnfile} ended with status ${child.exitCode}`);
    if (await takesConnections(port)) return;
    await delay(50);
  }
  throw new Error(`${child.spawnfile} does not listen`);
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
