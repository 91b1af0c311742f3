import { describe, expect, it } from 'vitest';
import type { Observation } from '../../src/seeds/engine.js';
import { mismatches } from '../../src/seeds/judge.js';
import type { Expectation } from '../../src/seeds/scenario.js';

const expected: Expectation = {
  effect: 'deny',
  gates: [
    { gate: 'waypoint', name: 'a/waypoint', effect: 'allow', reason: 'no-policy', sourceIdentity: 'spiffe://td/ns/a/sa/client' },
    { gate: 'ztunnel', name: 'a/app', effect: 'deny', reason: 'no-allow-match', sourceIdentity: 'spiffe://td/ns/a/sa/waypoint' },
  ],
  curl: { exitStatus: 0, httpStatus: 503 },
};

const seen = (change: Partial<Observation> = {}): Observation => ({ ...expected, ...change });
const withZtunnel = (change: object): Observation =>
  seen({ gates: expected.gates.map((gate) => (gate.gate === 'ztunnel' ? { ...gate, ...change } : gate)) });

describe('an observation', () => {
  it('that is the expectation has no mismatch', () => {
    expect(mismatches(expected, seen())).toEqual([]);
  });

  it.each([
    ['another effect', seen({ effect: 'allow' }), 'effect: expected `deny`, got `allow`'],
    ['another effect at a gate', withZtunnel({ effect: 'allow' }), 'effect at ztunnel a/app: expected `deny`, got `allow`'],
    [
      'another reason',
      withZtunnel({ reason: 'internal-error' }),
      'reason at ztunnel a/app: expected `no-allow-match`, got `internal-error`',
    ],
    [
      'another identity',
      withZtunnel({ sourceIdentity: null }),
      'sourceIdentity at ztunnel a/app: expected `spiffe://td/ns/a/sa/waypoint`, got none',
    ],
    [
      'a gate too few',
      seen({ gates: expected.gates.slice(1) }),
      'gates: expected `waypoint a/waypoint, ztunnel a/app`, got `ztunnel a/app`',
    ],
    ['another exit status', seen({ curl: { exitStatus: 56, httpStatus: 503 } }), 'exit status of curl: expected `0`, got `56`'],
    ['another HTTP status', seen({ curl: { exitStatus: 0, httpStatus: 403 } }), 'HTTP status: expected `503`, got `403`'],
  ])('with %s is a mismatch', (_, observation, line) => {
    expect(mismatches(expected, observation)).toEqual([line]);
  });

  it('without curl is judged by its gates alone', () => {
    const { curl: _, ...gatesOnly } = seen();
    expect(mismatches(expected, gatesOnly)).toEqual([]);
  });
});
