import type { Gate } from '../gate.js';

/** A gate that tells its HTTP connections to finish before it waits for them: an idle client would otherwise stay until it is cut. */
export function drainFirst(gate: Gate, drain: () => void): Gate {
  return {
    name: gate.name,
    prepare: (snapshot) => gate.prepare(snapshot),
    commit: (number) => gate.commit(number),
    abort: (number) => gate.abort(number),
    status: () => gate.status(),
    connections: (most) => gate.connections(most),
    close: (drainMs) => {
      drain();
      return gate.close(drainMs);
    },
  };
}
