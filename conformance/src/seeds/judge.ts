import type { Observation, SeedEngine } from './engine.js';
import type { Expectation, GateAnswer, Scenario, SeedRequest } from './scenario.js';

/** What became of one request of a scenario; no mismatches means that it came out as promised. */
export interface Outcome {
  readonly scenario: Scenario;
  readonly request: SeedRequest;
  readonly observation: Observation;
  readonly mismatches: readonly string[];
}

/** Runs one scenario in an engine, its requests one after the other, each outcome as soon as it is there. */
export async function* runScenario(engine: SeedEngine, scenario: Scenario): AsyncGenerator<Outcome> {
  await engine.enter(scenario);
  for (const request of scenario.requests) {
    const observation = await engine.ask(request);
    yield { scenario, request, observation, mismatches: mismatches(request.expect, observation) };
  }
}

/** How an observation differs from what was promised, one line each. */
export function mismatches(expected: Expectation, seen: Observation): string[] {
  const lines = [
    ...differ('effect', expected.effect, seen.effect),
    ...differ('gates', expected.gates.map(label).join(', '), seen.gates.map(label).join(', ')),
  ];
  for (const [index, gate] of expected.gates.entries()) lines.push(...gateMismatches(gate, seen.gates[index]));
  if (seen.curl !== undefined) {
    lines.push(...differ('exit status of curl', expected.curl.exitStatus, seen.curl.exitStatus));
    lines.push(...differ('HTTP status', expected.curl.httpStatus, seen.curl.httpStatus));
  }
  return lines;
}

function gateMismatches(expected: GateAnswer, seen: GateAnswer | undefined): string[] {
  // A gate that is missing, or another one in its place, is reported by the comparison of the lists.
  if (seen === undefined || label(seen) !== label(expected)) return [];
  return (['effect', 'reason', 'policy', 'rule', 'sourceIdentity'] as const)
    .filter((field) => expected[field] !== undefined)
    .flatMap((field) => differ(`${field} at ${label(expected)}`, expected[field], seen[field]));
}

function label({ gate, name }: GateAnswer): string {
  return `${gate} ${name}`;
}

function differ(what: string, expected: unknown, seen: unknown): string[] {
  return expected === seen ? [] : [`${what}: expected ${show(expected)}, got ${show(seen)}`];
}

function show(value: unknown): string {
  return value === undefined || value === null ? 'none' : `\`${String(value)}\``;
}
