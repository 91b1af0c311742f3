import { type Profiler, Session } from 'node:inspector';

/** Blocks of code that have run, as V8 counts them in this process. */
export class Coverage {
  readonly #session = new Session();
  readonly #seen = new Set<string>();

  /** Counts in scripts whose address begins so. They must not have been loaded yet. */
  constructor(private readonly scripts: string) {
    this.#session.connect();
    this.#session.post('Profiler.enable');
    this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  /** Blocks that have run. */
  get size(): number {
    return this.#seen.size;
  }

  /** What has run since the last call and never before; `keep` remembers it. */
  fresh(keep: boolean): number {
    let count = 0;
    this.#session.post('Profiler.takePreciseCoverage', (_error, { result }) => {
      for (const script of result) {
        if (script.url.startsWith(this.scripts)) count += this.#look(script, keep);
      }
    });
    return count;
  }

  #look({ url, functions }: Profiler.ScriptCoverage, keep: boolean): number {
    let count = 0;
    for (const { ranges } of functions) {
      for (const { startOffset, endOffset, count: times } of ranges) {
        const key = `${url} ${startOffset} ${endOffset}`;
        if (times === 0 || this.#seen.has(key)) continue;
        count += 1;
        if (keep) this.#seen.add(key);
      }
    }
    return count;
  }
}
