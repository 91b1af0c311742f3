import { join } from 'node:path';
import { LogTail } from './log-tail.js';

/** The log files of a mesh, one for each gate and each command, and their lines as they come. */
export class LogFiles {
  readonly directory: string;
  readonly #listener: (from: string, line: string) => void;
  readonly #tails = new Map<string, LogTail>();

  constructor(meshDirectory: string, listener: (from: string, line: string) => void) {
    this.directory = join(meshDirectory, 'logs');
    this.#listener = listener;
  }

  /** The file of a gate or workload; its lines are followed from now on. */
  open(name: string): string {
    const path = this.#path(name, 'log');
    if (!this.#tails.has(name)) this.#tails.set(name, new LogTail(path, (line) => this.#listener(name, line)));
    return path;
  }

  /** The file of a gate's decisions; nobody follows it. */
  decisions(name: string): string {
    return this.#path(name, 'decisions.jsonl');
  }

  #path(name: string, ending: string): string {
    return join(this.directory, `${name.replaceAll(/[^A-Za-z0-9._-]+/g, '_')}.${ending}`);
  }

  /** Hands on what is left and stops following. */
  close(): void {
    for (const tail of this.#tails.values()) tail.close();
    this.#tails.clear();
  }
}
