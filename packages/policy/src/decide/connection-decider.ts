import type { GateBinding, GatewayBinding, WaypointBinding, ZtunnelBinding } from '../bind/binding.js';
import type { Inventory } from '../inventory/inventory.js';
import { connectionFacts, type Facts } from '../reference/facts.js';
import type { CustomSettled } from '../reference/interpret.js';
import { gateFacts } from '../reference/request-facts.js';
import type { ConnectionAttributes } from '../verdict/attributes.js';
import type { Authorization } from '../verdict/ext-authz.js';
import type { Verdict } from '../verdict/verdict.js';
import { closedVerdictOf } from './closure.js';
import { plaintextVerdict, unreadableVerdict } from './compose-verdict.js';
import { customStage } from './custom-stage.js';
import type { ConnectionDecider, DeciderOptions } from './decider.js';
import { chosenEngine, type Engine, engineWithin } from './engine.js';
import { fastConnectionFacts } from './facts/connection-facts.js';
import { envoyStage, ztunnelStage } from './policy-stage.js';
import { roleStage } from './role-stage.js';
import { ahead, onceNeeded, total } from './total.js';

/**
 * Decides on connections: all that a ztunnel is asked, and what a waypoint or gateway is asked for a TCP port (reference
 * section 4). Closures of the binding come first, then mutual TLS, then policy. Never throws.
 */
export function connectionDecider(
  inventory: Inventory,
  binding: GateBinding,
  { engine: chosen = chosenEngine(), memory }: DeciderOptions = {},
): ConnectionDecider {
  const engine = engineWithin(chosen, memory);
  const stages = binding.gate === 'ztunnel' ? atZtunnel(inventory, binding, engine) : atEnvoy(inventory, binding, engine);
  const { factsOf, decide } = stages;
  const roles = onceNeeded(() => roleStage(inventory, binding.roles, engine));
  const authorize = customStage({
    inventory,
    binding,
    engine,
    layer: binding.gate === 'ztunnel' ? 'ztunnel' : 'tcp',
    factsOf: ({ connection }) => {
      const facts = factsOf(connection);
      return 'effect' in facts ? undefined : { facts };
    },
  });
  const judged = total((connection: ConnectionAttributes, authorization: Authorization | undefined): Verdict => {
    const facts = factsOf(connection);
    if ('effect' in facts) return facts;
    if (authorization?.denial !== undefined) return authorization.denial;
    const verdict = decide(facts, authorization === undefined ? 'custom-unsettled' : 'custom-settled');
    return binding.roles.length === 0 ? verdict : roles().decide(verdict, connection);
  });
  return {
    binding,
    prepare: () => ahead(stages.prepare, () => roles().prepare('tcp'), authorize.prepare),
    authorizeConnection: (connection) => authorize.stage({ connection }),
    connection: (connection, authorization) => judged(connection, authorization, undefined),
  };
}

/** One kind of gate's way from a connection to a verdict. */
interface Stages {
  /** What policies are asked about, or the denial that comes before any of them. */
  readonly factsOf: (connection: ConnectionAttributes) => Facts | Verdict;
  readonly decide: (facts: Facts, custom: CustomSettled) => Verdict;
  /** Works out what the first connection would have to. */
  readonly prepare: () => unknown;
}

function atZtunnel(inventory: Inventory, binding: ZtunnelBinding, engine: Engine): Stages {
  const closed = onceNeeded(() => closedVerdictOf(binding, 'connection'));
  const policies = onceNeeded(() => ztunnelStage(inventory, binding, engine));
  const read = engine.kind === 'interpreter' ? connectionFacts : fastConnectionFacts;
  return {
    factsOf: (connection) => {
      const denied = closed();
      if (denied !== undefined) return denied;
      const facts = read(connection);
      if ('unreadable' in facts) return unreadableVerdict(facts);
      const { mode, policy } = binding.mtls.ports.get(facts.destinationPort) ?? binding.mtls;
      return facts.identity === undefined && mode === 'STRICT' ? plaintextVerdict(policy) : facts;
    },
    decide: (facts, custom) => policies()(facts, custom),
    // A closed gate asks no policy.
    prepare: () => closed() ?? policies(),
  };
}

function atEnvoy(inventory: Inventory, binding: WaypointBinding | GatewayBinding, engine: Engine): Stages {
  const closed = onceNeeded(() => closedVerdictOf(binding, 'connection'));
  const isFast = engine.kind === 'table' && inventory.dialect.name === 'strict';
  const policies = onceNeeded(() => envoyStage(inventory, binding, 'tcp', engine));
  return {
    factsOf: (connection) => {
      const denied = closed();
      if (denied !== undefined) return denied;
      const facts = isFast ? fastConnectionFacts(connection) : gateFacts(inventory, binding, connection);
      return 'unreadable' in facts ? unreadableVerdict(facts) : facts;
    },
    decide: (facts, custom) => policies()(facts, custom),
    // A closed gate asks no policy.
    prepare: () => closed() ?? policies(),
  };
}
