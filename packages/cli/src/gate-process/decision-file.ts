import { closeSync, fstatSync, openSync, renameSync, type Stats, statSync } from 'node:fs';
import type { DecisionSink } from '@sallyport/mesh';
import type { GateArguments } from '../gate-protocol/gate-arguments.js';
import { LineWriter } from './line-writer.js';

/** The decision log of a gate process. */
export interface DecisionFile extends DecisionSink {
  /** Resolves once everything that was taken is written. */
  flush(): Promise<void>;
}

/** A file as large as this becomes the old one, in the place of the one before. */
const largestDecisionFile = 64 * 1024 * 1024;

/** Opens the log that a gate process was told of. */
export function openDecisionFile(
  { file: path, which }: NonNullable<GateArguments['decisions']>,
  largest = largestDecisionFile,
): DecisionFile {
  const file = new RotatingFile(path, largest);
  const writer = new LineWriter({ fd: () => file.fd(), lost: (dropped) => JSON.stringify({ dropped }) });
  return { all: which === 'all', write: (line) => writer.write(line), flush: () => writer.flush() };
}

/**
 * A file that ends at a size and is begun anew, the old one being kept as `FILE.1`. Several processes may write to it: each sees that
 * another has begun it anew, and goes there.
 */
class RotatingFile {
  readonly #path: string;
  readonly #largest: number;
  #fd: number | undefined;

  constructor(path: string, largest: number) {
    this.#path = path;
    this.#largest = largest;
  }

  /** The file to write to now, if there is any. Never throws: where a new one cannot be begun, the old one grows on. */
  fd(): number | undefined {
    try {
      const there = statSync(this.#path, { throwIfNoEntry: false });
      const isMine = this.#fd !== undefined && there !== undefined && isSameFile(fstatSync(this.#fd), there);
      if (isMine && there.size < this.#largest) return this.#fd;
      if (isMine) renameSync(this.#path, `${this.#path}.1`);
      const next = openSync(this.#path, 'a', 0o600);
      if (this.#fd !== undefined) closeSync(this.#fd);
      this.#fd = next;
    } catch {
      // The lines go where they went before.
    }
    return this.#fd;
  }
}

function isSameFile(a: Stats, b: Stats): boolean {
  return a.ino === b.ino && a.dev === b.dev;
}
