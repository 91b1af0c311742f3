import type { GatewayBinding, WaypointBinding } from '../bind/binding.js';
import type { Inventory } from '../inventory/inventory.js';
import { requestFacts } from '../reference/request-facts.js';
import type { ConnectionAttributes, RequestAttributes } from '../verdict/attributes.js';
import type { Authorization } from '../verdict/ext-authz.js';
import type { Verdict } from '../verdict/verdict.js';
import { closureFor } from './closure.js';
import { closedVerdict, invalidTokenVerdict, refusedVerdict, unreadableVerdict, unsendableVerdict } from './compose-verdict.js';
import { connectionDecider } from './connection-decider.js';
import { customStage } from './custom-stage.js';
import type { DeciderOptions, RequestDecider, RequestVerdict } from './decider.js';
import { chosenEngine, engineWithin } from './engine.js';
import { envoyStage } from './policy-stage.js';
import { roleStage } from './role-stage.js';
import { nothingKnown, type TokenStage, tokenStage } from './token-stage.js';
import { onceNeeded, total } from './total.js';

/**
 * Decides on requests at a waypoint or gateway (reference section 3), and on its TCP connections. What an HTTP parser would
 * refuse is a `bad-request` with its status, whatever the policies say. Never throws; a denial carries no path.
 */
export function requestDecider(
  inventory: Inventory,
  binding: WaypointBinding | GatewayBinding,
  { engine: chosen = chosenEngine(), memory }: DeciderOptions = {},
): RequestDecider {
  const engine = engineWithin(chosen, memory);
  const closure = onceNeeded(() => closureFor(binding, 'request'));
  const policies = onceNeeded(() => envoyStage(inventory, binding, 'http', engine));
  const roles = onceNeeded(() => roleStage(inventory, binding.roles));
  const tokens = onceNeeded(() => tokenStage(inventory, binding));
  /** What policies are asked about, or the denial that comes before any of them. */
  const factsOf = (connection: ConnectionAttributes, request: RequestAttributes, received?: RequestAttributes) => {
    const known = requestFacts(inventory, binding, connection, request, received);
    if ('unreadable' in known) return unreadableVerdict(known);
    if ('refused' in known) return refusedVerdict(known);
    const closed = closure();
    return closed === undefined ? known : closedVerdict(closed);
  };
  const decide = (
    connection: ConnectionAttributes,
    given: RequestAttributes,
    authorization: Authorization | undefined,
  ): RequestVerdict => {
    const request = given.authentication === undefined ? tokens()(given, nothingKnown).request : given;
    const known = factsOf(connection, request, authorization?.received);
    if ('effect' in known) return withoutPath(known);
    if (authorization?.denial !== undefined) return withoutPath(authorization.denial);
    const custom = authorization === undefined ? 'custom-unsettled' : 'custom-settled';
    const judged = policies()(known.facts, custom);
    const policy = judged.reason === 'invalid-token' ? invalidTokenVerdict(request.authentication?.refused) : judged;
    const { http } = known.facts;
    const verdict = roles()(policy, connection, http && { request, headers: http.headers });
    if (verdict.effect === 'deny') return withoutPath(verdict);
    const unsendable = unsendableVerdict(request.authentication);
    return unsendable === undefined ? { ...verdict, path: known.path } : withoutPath(unsendable);
  };
  const authorize = customStage({
    inventory,
    binding,
    engine,
    layer: 'http',
    factsOf: ({ connection, request }, received) => {
      const known = request === undefined ? undefined : factsOf(connection, request, received);
      return known === undefined || 'effect' in known ? undefined : known;
    },
  });
  return {
    ...connectionDecider(inventory, binding, { engine }),
    binding,
    authorizeRequest: (connection, request) => authorize({ connection, request }),
    authenticate: (request, knowledge) => authenticated(() => tokens()(request, knowledge), request),
    request: (connection, request, authorization) => total(() => decide(connection, request, authorization), withoutPath),
  };
}

/** Where the stage fails the request goes on as it was, and the decision, which then runs the stage itself, denies. */
function authenticated(stage: () => TokenStage, request: RequestAttributes): TokenStage {
  try {
    return stage();
  } catch {
    return { request, wanted: [] };
  }
}

function withoutPath(verdict: Verdict): RequestVerdict {
  return { ...verdict, path: '' };
}
