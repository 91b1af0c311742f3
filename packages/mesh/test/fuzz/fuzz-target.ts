/** A parser of bytes from the network, and what it promises about all of them. */
export interface FuzzTarget {
  /** As it is asked for: `npm run fuzz -- NAME`. */
  readonly name: string;
  /** Inputs that lead deep into it, made by code. */
  seeds(): readonly Buffer[] | Promise<readonly Buffer[]>;
  /** Pieces that mean something to it. */
  readonly words: readonly string[];
  /** Throws, or rejects, where a promise is broken; errors by which the parser says no are part of its promise. */
  run(bytes: Buffer): void | Promise<void>;
}

/** Calls a parser that may say no by these errors only. */
export function refusing(kinds: readonly (new (...args: never[]) => Error)[], act: () => void): boolean {
  try {
    act();
    return true;
  } catch (error) {
    if (kinds.some((kind) => error instanceof kind)) return false;
    throw error;
  }
}

/** Ends the run where something does not hold. */
export function holds(condition: boolean, what: string): void {
  if (!condition) throw new Error(`it does not hold that ${what}`);
}
