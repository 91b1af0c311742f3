import type { GateBinding, ZtunnelBinding } from '../bind/binding.js';
import { compileEnvoy, compileZtunnel } from '../compile/compile-policies.js';
import type { ConnectionMemo } from '../compile/table.js';
import type { Inventory } from '../inventory/inventory.js';
import type { EnvoyLayer } from '../reference/envoy-rule.js';
import type { Facts } from '../reference/facts.js';
import { type CustomSettled, envoyInterpreter, ztunnelInterpreter } from '../reference/interpret.js';
import type { RuleMatch } from '../reference/resolved-policy.js';
import type { Outcome } from '../verdict/combine.js';
import type { Verdict } from '../verdict/verdict.js';
import { allowPoliciesOf, verdictOf } from './compose-verdict.js';
import type { Engine } from './engine.js';
import { onceNeeded } from './total.js';

/**
 * What the AuthorizationPolicies of one gate and layer come to. `memo` is kept by the caller, with the connection and for this stage alone.
 * Of a token that refuses the request the verdict does not say which: it is the same object for all that come to the same.
 */
export type PolicyStage = (facts: Facts, custom: CustomSettled, memo?: ConnectionMemo) => Verdict;

/** The stage of a ztunnel. */
export function ztunnelStage(inventory: Inventory, binding: ZtunnelBinding, engine: Engine): PolicyStage {
  const conclude = conclusionOf(binding);
  if (engine.kind === 'interpreter') {
    const interpret = ztunnelInterpreter(inventory, binding);
    return (facts, custom) => conclude(interpret(facts, custom));
  }
  const table = compileZtunnel(inventory, binding, conclude, engine.options);
  return (facts, custom, memo) => table.decide(facts, custom, memo);
}

/** The stage of a waypoint or gateway, or of policies that took the place of roles. */
export function envoyStage(
  inventory: Inventory,
  binding: Pick<GateBinding, 'policies'>,
  layer: EnvoyLayer,
  engine: Engine,
): PolicyStage {
  const conclude = conclusionOf(binding);
  if (engine.kind === 'interpreter') {
    const interpret = envoyInterpreter(inventory, binding);
    return (facts, custom) => conclude(interpret(layer, facts, custom));
  }
  const table = compileEnvoy(inventory, binding, layer, conclude, engine.options);
  return (facts, custom, memo) => table.decide(facts, custom, memo);
}

function conclusionOf(binding: Pick<GateBinding, 'policies'>): (outcome: Outcome<RuleMatch>) => Verdict {
  const allowPolicies = onceNeeded(() => allowPoliciesOf(binding));
  return (outcome) => verdictOf(outcome, allowPolicies);
}
