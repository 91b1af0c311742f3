import type { GatewayBinding, WaypointBinding } from '../bind/binding.js';
import type { Inventory } from '../inventory/inventory.js';
import { envoyInterpreter } from '../reference/interpret.js';
import { requestFacts } from '../reference/request-facts.js';
import type { ConnectionAttributes, RequestAttributes } from '../verdict/attributes.js';
import type { Verdict } from '../verdict/verdict.js';
import { closureFor } from './closure.js';
import { closedVerdict, refusedVerdict, unreadableVerdict, verdictOf } from './compose-verdict.js';
import { connectionDecider } from './connection-decider.js';
import type { RequestDecider, RequestVerdict } from './decider.js';
import { onceNeeded, total } from './total.js';

/**
 * Decides on requests at a waypoint or gateway (reference section 3), and on its TCP connections. What an HTTP parser would
 * refuse is a `bad-request` with its status, whatever the policies say. Never throws; a denial carries no path.
 */
export function requestDecider(inventory: Inventory, binding: WaypointBinding | GatewayBinding): RequestDecider {
  const closure = onceNeeded(() => closureFor(binding, 'request'));
  const interpret = onceNeeded(() => envoyInterpreter(inventory, binding));
  const decide = (connection: ConnectionAttributes, request: RequestAttributes): RequestVerdict => {
    const known = requestFacts(inventory, binding, connection, request);
    if ('unreadable' in known) return withoutPath(unreadableVerdict(known));
    if ('refused' in known) return withoutPath(refusedVerdict(known));
    const closed = closure();
    if (closed !== undefined) return withoutPath(closedVerdict(closed));
    const verdict = verdictOf(interpret()('http', known.facts));
    return verdict.effect === 'allow' ? { ...verdict, path: known.path } : withoutPath(verdict);
  };
  return {
    ...connectionDecider(inventory, binding),
    binding,
    request: (connection, request) => total(() => decide(connection, request), withoutPath),
  };
}

function withoutPath(verdict: Verdict): RequestVerdict {
  return { ...verdict, path: '' };
}
