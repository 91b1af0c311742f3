import { connectionDecider } from '../../decide/connection-decider.js';
import { requestDecider } from '../../decide/request-decider.js';
import type { Inventory } from '../../inventory/inventory.js';
import { trustDomainsOf } from '../../reference/requirement.js';
import type { Verdict } from '../../verdict/verdict.js';
import { type Gate, gatesOf } from '../gate.js';
import { allCombinations, type Choice, countCombinations, pairwiseCombinations, randomCombinations } from './combinations.js';
import { type Dimension, dimensionsOf, type Probe, plainProbe } from './dimensions.js';
import { patternsOf } from './patterns.js';

/** A request on which a gate answers otherwise than before. */
export interface Difference extends Probe {
  readonly before: Verdict;
  readonly after: Verdict;
}

/** How one gate was compared. */
export interface GateProof {
  /** `ztunnel shop/api-1`, for one. */
  readonly gate: string;
  /** Combinations of one value for each class of each attribute that either side looks at. */
  readonly combinations: number;
  /** How many requests were compared. */
  readonly compared: number;
  /** Whether those were all combinations; else all pairs of values, and random ones. */
  readonly exhaustive: boolean;
  /** The first request on which the two differ. */
  readonly difference?: Difference;
}

/** From how many combinations on a gate is asked for all pairs of values and for random requests instead. */
const mostCombinations = 100_000;
const randomRequests = 20_000;

/**
 * Compares every gate that roles or new policies concern, before and after, over one value for each class of each attribute that either side looks
 * at. Gates that are there on one side only are no one's difference: the two inventories hold the same workloads.
 */
export function prove(before: Inventory, after: Inventory, most: number = mostCombinations): readonly GateProof[] {
  const later = new Map(gatesOf(after).map((gate) => [gate.key, gate]));
  return gatesOf(before).flatMap((gate) => {
    const other = later.get(gate.key);
    if (other === undefined) throw new Error(`gate ${gate.key} is gone`);
    const untouched = gate.binding.roles.length === 0 && gate.binding.policies.length === other.binding.policies.length;
    return untouched ? [] : [proveGate([before, gate], [after, other], most)];
  });
}

type Side = readonly [inventory: Inventory, gate: Gate];

function proveGate(before: Side, after: Side, most: number): GateProof {
  const [{ mesh, dialect }, gate] = before;
  const trustDomains = trustDomainsOf(mesh);
  const patterns = patternsOf([gate.binding, after[1].binding], trustDomains);
  const dimensions = dimensionsOf(gate, patterns, trustDomains, dialect.name);
  const sizes = dimensions.map(({ values }) => values.length);
  const combinations = countCombinations(sizes);
  const exhaustive = combinations <= most;
  const choices = exhaustive ? allCombinations(sizes) : sampled(sizes, Math.min(most, randomRequests));
  const asked = { before: decider(before), after: decider(after) };
  let compared = 0;
  for (const choice of choices) {
    compared++;
    const probe = assemble(plainProbe(gate), dimensions, choice);
    const difference = { ...probe, before: asked.before(probe), after: asked.after(probe) };
    if (difference.before.effect !== difference.after.effect)
      return { gate: gate.key, combinations, compared, exhaustive, difference };
  }
  return { gate: gate.key, combinations, compared, exhaustive };
}

function* sampled(sizes: readonly number[], random: number): Generator<Choice> {
  yield* pairwiseCombinations(sizes);
  yield* randomCombinations(sizes, random);
}

function assemble(plain: Probe, dimensions: readonly Dimension[], choice: Choice): Probe {
  return dimensions.reduce((probe, { values }, index) => values[choice[index] ?? 0]?.(probe) ?? probe, plain);
}

function decider([inventory, { binding }]: Side): (probe: Probe) => Verdict {
  const connections = connectionDecider(inventory, binding);
  if (binding.gate === 'ztunnel') return ({ connection }) => connections.connection(connection);
  const requests = requestDecider(inventory, binding);
  return ({ layer, connection, request }) =>
    layer === 'tcp' ? connections.connection(connection) : requests.request(connection, request);
}
