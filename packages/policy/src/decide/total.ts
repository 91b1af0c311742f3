import type { Verdict } from '../verdict/verdict.js';

// INVARIANT (total): every decision is made by `total`, so that whatever is thrown on the way, by our own code or by an
// attribute object that misbehaves, becomes a deny.

/** A decision as a function that never throws: whatever is thrown is a deny with reason `internal-error`. */
export function total<A, B, C>(decision: (a: A, b: B, c: C) => Verdict): (a: A, b: B, c: C) => Verdict {
  return (a, b, c) => {
    try {
      return decision(a, b, c);
    } catch (error) {
      return internalError(error);
    }
  };
}

/** The deny that whatever was thrown becomes. */
export function internalError(error: unknown): Verdict {
  return { effect: 'deny', reason: 'internal-error', audit: [], detail: describe(error) };
}

/** Works something out when it is first needed, inside the decision, so that a failure denies; a failure is tried again. */
export function onceNeeded<Value>(work: () => Value): () => Value {
  let done: { readonly value: Value } | undefined;
  return () => {
    done ??= { value: work() };
    return done.value;
  };
}

/** Works out now what decisions will need. What fails is tried again by the decision, which then denies. */
export function ahead(...works: readonly (() => unknown)[]): void {
  for (const work of works) {
    try {
      work();
    } catch {
      // The decision that needs it says why.
    }
  }
}

/** What was thrown may itself throw when it is looked at. */
function describe(error: unknown): string {
  try {
    return `the decision failed: ${error instanceof Error ? error.message : String(error)}`;
  } catch {
    return 'the decision failed';
  }
}
