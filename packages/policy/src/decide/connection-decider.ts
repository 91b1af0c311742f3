import type { GateBinding, GatewayBinding, WaypointBinding, ZtunnelBinding } from '../bind/binding.js';
import type { Inventory } from '../inventory/inventory.js';
import { connectionFacts } from '../reference/facts.js';
import { envoyInterpreter, ztunnelInterpreter } from '../reference/interpret.js';
import { gateFacts } from '../reference/request-facts.js';
import type { ConnectionAttributes } from '../verdict/attributes.js';
import type { Verdict } from '../verdict/verdict.js';
import { closureFor } from './closure.js';
import { closedVerdict, plaintextVerdict, unreadableVerdict, verdictOf } from './compose-verdict.js';
import type { ConnectionDecider } from './decider.js';
import { onceNeeded, total } from './total.js';

/**
 * Decides on connections: all that a ztunnel is asked, and what a waypoint or gateway is asked for a TCP port (reference
 * section 4). Closures of the binding come first, then mutual TLS, then policy. Never throws.
 */
export function connectionDecider(inventory: Inventory, binding: GateBinding): ConnectionDecider {
  const decide = binding.gate === 'ztunnel' ? atZtunnel(inventory, binding) : atEnvoy(inventory, binding);
  return {
    binding,
    connection: (connection) =>
      total(
        () => decide(connection),
        (verdict) => verdict,
      ),
  };
}

type Decide = (connection: ConnectionAttributes) => Verdict;

function atZtunnel(inventory: Inventory, binding: ZtunnelBinding): Decide {
  const closure = onceNeeded(() => closureFor(binding, 'connection'));
  const interpret = onceNeeded(() => ztunnelInterpreter(inventory, binding));
  return (connection) => {
    const closed = closure();
    if (closed !== undefined) return closedVerdict(closed);
    const facts = connectionFacts(connection);
    if ('unreadable' in facts) return unreadableVerdict(facts);
    const { mode, policy } = binding.mtls.ports.get(facts.destinationPort) ?? binding.mtls;
    if (facts.identity === undefined && mode === 'STRICT') return plaintextVerdict(policy);
    return verdictOf(interpret()(facts));
  };
}

function atEnvoy(inventory: Inventory, binding: WaypointBinding | GatewayBinding): Decide {
  const closure = onceNeeded(() => closureFor(binding, 'connection'));
  const interpret = onceNeeded(() => envoyInterpreter(inventory, binding));
  return (connection) => {
    const closed = closure();
    if (closed !== undefined) return closedVerdict(closed);
    const facts = gateFacts(inventory, binding, connection);
    return 'unreadable' in facts ? unreadableVerdict(facts) : verdictOf(interpret()('tcp', facts));
  };
}
