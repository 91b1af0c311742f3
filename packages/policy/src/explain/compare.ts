import type { Explanation, GateExplanation } from './explanation.js';
import { describeReason } from './render/describe-reason.js';

/**
 * Where two explanations of one request differ, as lower-case lines: the outcome first, then each gate that decides otherwise or that only
 * one path has. Empty where they agree.
 */
export function compareExplanations(one: Explanation, other: Explanation): readonly string[] {
  const outcome =
    one.effect === other.effect ? [] : [`${one.dialect} ${verb(one)} and ${other.dialect} ${verb(other)} this request`];
  const length = Math.max(one.gates.length, other.gates.length);
  const gates = Array.from({ length }, (_, index) => compareGate(one, other, one.gates[index], other.gates[index]));
  return [...outcome, ...gates.flat()];
}

function compareGate(
  one: Explanation,
  other: Explanation,
  a: GateExplanation | undefined,
  b: GateExplanation | undefined,
): string[] {
  if (a === undefined || b === undefined) {
    const [dialect, gate] = a === undefined ? [other.dialect, b] : [one.dialect, a];
    // A path that ends at a denial is shorter by itself: that is the outcome, said above.
    return gate === undefined || one.effect !== other.effect ? [] : [`only ${dialect} passes ${gate.gate} ${gate.name}`];
  }
  const same =
    a.gate === b.gate &&
    a.name === b.name &&
    a.effect === b.effect &&
    a.reason === b.reason &&
    a.policy === b.policy &&
    a.rule === b.rule;
  if (same) return [];
  return [`${one.dialect}: ${sentence(a)}`, `${other.dialect}: ${sentence(b)}`];
}

function sentence(gate: GateExplanation): string {
  return `${gate.gate} ${gate.name} ${gate.effect === 'allow' ? 'allows' : 'denies'}: ${describeReason(gate)}`;
}

function verb(explanation: Explanation): string {
  return explanation.effect === 'allow' ? 'allows' : 'denies';
}
