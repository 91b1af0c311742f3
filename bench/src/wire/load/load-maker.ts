import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { LoadResult, LoadTask } from './tasks.js';

/** No task takes longer. */
const taskMs = 20_000;

/** A process that makes load, so that what is measured shares an event loop with nothing but itself. */
export class LoadMaker {
  readonly #child: ChildProcess;

  /** `entry` is a command that runs it somewhere else, such as in another network namespace. */
  constructor(entry: readonly string[] = []) {
    const [execPath = process.execPath, ...execArgv] = [...entry, process.execPath];
    const program = fileURLToPath(new URL('../../programs/load-maker.js', import.meta.url));
    this.#child = fork(program, { stdio: 'inherit', execPath, execArgv });
  }

  /** Rejects where the task fails, or takes far too long. */
  async perform(task: LoadTask): Promise<LoadResult> {
    this.#child.send(task);
    const where = 'target' in task ? ` to ${task.target.host}:${task.target.port}` : '';
    const answer = await this.#answer().catch(() => ({ error: `no answer within ${taskMs} ms` }));
    if ('error' in answer) throw new Error(`${task.kind}${where}: ${answer.error}`);
    return answer.result;
  }

  async #answer(): Promise<{ readonly result: LoadResult } | { readonly error: string }> {
    const [answer] = await once(this.#child, 'message', { signal: AbortSignal.timeout(taskMs) });
    return answer;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.disconnect();
    await ended;
  }
}
