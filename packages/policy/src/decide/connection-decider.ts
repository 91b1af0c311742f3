import type { GateBinding, ZtunnelBinding } from '../bind/binding.js';
import type { Inventory } from '../inventory/inventory.js';
import { connectionFacts } from '../reference/facts.js';
import { interpretAtEnvoy, interpretAtZtunnel } from '../reference/interpret.js';
import { gateFacts } from '../reference/request-facts.js';
import type { ConnectionAttributes } from '../verdict/attributes.js';
import type { Verdict } from '../verdict/verdict.js';
import { closureFor } from './closure.js';
import { closedVerdict, plaintextVerdict, unreadableVerdict, verdictOf } from './compose-verdict.js';
import type { ConnectionDecider } from './decider.js';
import { total } from './total.js';

/**
 * Decides on connections: all that a ztunnel is asked, and what a waypoint or gateway is asked for a TCP port (reference section
 * 4). Closures of the binding come first, then mutual TLS, then policy. Never throws.
 */
export function connectionDecider(inventory: Inventory, binding: GateBinding): ConnectionDecider {
  return {
    binding,
    connection: (connection) =>
      total(
        () => (binding.gate === 'ztunnel' ? atZtunnel(inventory, binding, connection) : atEnvoy(inventory, binding, connection)),
        (verdict) => verdict,
      ),
  };
}

function atZtunnel(inventory: Inventory, binding: ZtunnelBinding, connection: ConnectionAttributes): Verdict {
  const closure = closureFor(binding, 'connection');
  if (closure !== undefined) return closedVerdict(closure);
  const facts = connectionFacts(connection);
  if ('unreadable' in facts) return unreadableVerdict(facts);
  const { mode, policy } = binding.mtls.ports.get(facts.destinationPort) ?? binding.mtls;
  if (facts.identity === undefined && mode === 'STRICT') return plaintextVerdict(policy);
  return verdictOf(interpretAtZtunnel(inventory, binding, facts));
}

function atEnvoy(inventory: Inventory, binding: Exclude<GateBinding, ZtunnelBinding>, connection: ConnectionAttributes): Verdict {
  const closure = closureFor(binding, 'connection');
  if (closure !== undefined) return closedVerdict(closure);
  const facts = gateFacts(inventory, binding, connection);
  return 'unreadable' in facts ? unreadableVerdict(facts) : verdictOf(interpretAtEnvoy(inventory, binding, 'tcp', facts));
}
