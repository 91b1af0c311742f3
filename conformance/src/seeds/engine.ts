import type { CurlResult, Effect, GateAnswer, Scenario, SeedRequest } from './scenario.js';

/** Something that can be asked what comes of a request: the interpreter, or gates on real sockets. */
export interface SeedEngine {
  readonly name: string;
  /** Puts the policies of a scenario in force, instead of those of the last one. Rejects where they are refused. */
  enter(scenario: Scenario): Promise<void>;
  /** Sends or judges one request under the scenario that was entered last. */
  ask(request: SeedRequest): Promise<Observation>;
  /** Ends everything that the engine started. */
  close(): Promise<void>;
}

/** What came of a request, as far as this engine can tell. */
export interface Observation {
  readonly effect: Effect;
  /** In the order of the path. */
  readonly gates: readonly GateAnswer[];
  /** Absent where no curl ran. */
  readonly curl?: CurlResult;
}
