import { type CompileOptions, defaultOptions } from '../compile/options.js';
import type { TableMemory } from '../compile/table-memory.js';

/**
 * What answers for policies: tables compiled from them, or the interpreter that says what they mean. Verdicts are the same, so that the
 * interpreter is for tests, and for whoever suspects that they are not.
 */
export type Engine = { readonly kind: 'table'; readonly options: CompileOptions } | { readonly kind: 'interpreter' };

/** `table` is what gates use; `table-only` compiles even a single rule to a table of masks. */
export const engines = {
  table: { kind: 'table', options: defaultOptions },
  'table-only': { kind: 'table', options: { ...defaultOptions, closuresUpTo: -1 } },
  interpreter: { kind: 'interpreter' },
} as const satisfies Readonly<Record<string, Engine>>;

/** An engine by its name. */
export type EngineName = keyof typeof engines;

let chosen: Engine = engines.table;

/** The engine of every decider that is made from now on and is not told another: for debugging, and for tests of all that decides. */
export function chooseEngine(engine: Engine | EngineName): void {
  chosen = typeof engine === 'string' ? engines[engine] : engine;
}

/** An engine whose tables keep no more than there is memory for. */
export function engineWithin(engine: Engine, memory: TableMemory | undefined): Engine {
  if (engine.kind === 'interpreter' || memory === undefined) return engine;
  return { kind: 'table', options: { ...engine.options, memory } };
}

/** The engine of deciders that are not told another. */
export function chosenEngine(): Engine {
  return chosen;
}
