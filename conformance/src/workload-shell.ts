import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';

/** What a command printed, and its exit status. */
export interface ShellAnswer {
  readonly status: number;
  readonly stdout: string;
}

const answerMilliseconds = 60_000;
const mark = '--sallyport-shell--';

/**
 * A shell that runs as a workload, by one `sallyport exec`, and takes one command after the other: starting the command anew for each
 * request would take longer than the request.
 */
export class WorkloadShell {
  readonly #child: ChildProcess;
  readonly #lines: Interface;
  #errors = '';

  /** Starts `program` with `args`, which end in the shell. */
  constructor(program: string, args: readonly string[]) {
    this.#child = spawn(program, [...args, '/bin/sh'], { stdio: 'pipe' });
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.#errors = `${this.#errors}${chunk.toString()}`.slice(-4096);
    });
    // A shell that is gone shows as such where its answer is awaited.
    this.#child.stdin?.on('error', () => undefined);
    this.#lines = createInterface({ input: this.#child.stdout ?? process.stdin });
  }

  /** Runs one command to its end. Not to be called again before. Rejects where the shell ends or takes too long. */
  run(argv: readonly string[]): Promise<ShellAnswer> {
    return new Promise((resolve, reject) => {
      const printed: string[] = [];
      const finish = (act: () => void): void => {
        clearTimeout(timer);
        this.#lines.off('line', take).off('close', gone);
        act();
      };
      const take = (line: string): void => {
        if (line.startsWith(mark))
          finish(() => resolve({ status: Number(line.slice(mark.length)), stdout: printed.join('\n').trim() }));
        else printed.push(line);
      };
      const gone = (): void => finish(() => reject(new Error(`the shell of a workload ended: ${this.#errors}`)));
      const timer = setTimeout(() => finish(() => reject(new Error(`no end of \`${argv.join(' ')}\``))), answerMilliseconds);
      this.#lines.on('line', take).once('close', gone);
      this.#child.stdin?.write(`${argv.map(quoted).join(' ')} </dev/null; printf '\\n${mark}%s\\n' "$?"\n`);
    });
  }

  /** Ends the shell. */
  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.stdin?.end();
    await ended;
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
