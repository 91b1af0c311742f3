import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** A real Envoy with one configuration. */
export class Envoy {
  readonly #process: ChildProcess;
  readonly #folder: string;

  private constructor(process: ChildProcess, folder: string) {
    this.#process = process;
    this.#folder = folder;
  }

  /** Starts the binary and waits until its listeners take connections; rejects with its output where they never do. */
  static async start(binary: string, configuration: object): Promise<Envoy> {
    const folder = await mkdtemp(join(tmpdir(), 'sallyport-envoy-'));
    const file = join(folder, 'envoy.json');
    await writeFile(file, JSON.stringify(configuration), { mode: 0o600 });
    const child = spawn(binary, ['-c', file, '--concurrency', '1', '--disable-hot-restart', '-l', 'info'], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const printed: string[] = [];
    for await (const line of createInterface({ input: child.stderr })) {
      printed.push(line);
      if (line.includes('starting main dispatch loop')) {
        child.stderr.resume();
        return new Envoy(child, folder);
      }
    }
    throw new Error(`Envoy did not start:\n${printed.slice(-20).join('\n')}`);
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      this.#process.kill('SIGTERM');
      await once(this.#process, 'exit');
    }
    await rm(this.#folder, { recursive: true, force: true });
  }
}
