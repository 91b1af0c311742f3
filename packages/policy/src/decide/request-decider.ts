import type { GatewayBinding, WaypointBinding } from '../bind/binding.js';
import type { Inventory } from '../inventory/inventory.js';
import type { Facts } from '../reference/facts.js';
import { requestFacts } from '../reference/request-facts.js';
import type { ConnectionAttributes, RequestAttributes } from '../verdict/attributes.js';
import type { Authorization } from '../verdict/ext-authz.js';
import type { Verdict } from '../verdict/verdict.js';
import { closedVerdictOf } from './closure.js';
import { invalidTokenVerdict, refusedVerdict, unreadableVerdict, unsendableVerdict } from './compose-verdict.js';
import { connectionDecider } from './connection-decider.js';
import { customStage } from './custom-stage.js';
import type { DeciderOptions, RequestDecider, RequestVerdict } from './decider.js';
import { chosenEngine, engineWithin } from './engine.js';
import { type GateMemo, RequestView } from './facts/request-view.js';
import { envoyStage } from './policy-stage.js';
import { roleStage } from './role-stage.js';
import { nothingKnown, type TokenStage, tokenStage } from './token-stage.js';
import { ahead, onceNeeded, total } from './total.js';

/**
 * Decides on requests at a waypoint or gateway (reference section 3), and on its TCP connections. What an HTTP parser would
 * refuse is a `bad-request` with its status, whatever the policies say. Never throws.
 */
export function requestDecider(
  inventory: Inventory,
  binding: WaypointBinding | GatewayBinding,
  { engine: chosen = chosenEngine(), memory }: DeciderOptions = {},
): RequestDecider {
  const engine = engineWithin(chosen, memory);
  const closed = onceNeeded(() => closedVerdictOf(binding, 'request'));
  const policies = onceNeeded(() => envoyStage(inventory, binding, 'http', engine));
  const roles = onceNeeded(() => roleStage(inventory, binding.roles, engine));
  const tokens = onceNeeded(() => tokenStage(inventory, binding));
  const verifiesTokens = binding.requestAuthentications.length > 0;
  const view = engine.kind === 'table' ? new RequestView(inventory, binding) : undefined;
  /** What policies are asked about, or the denial that comes before any of them. */
  const factsOf = (connection: ConnectionAttributes, request: RequestAttributes, received?: RequestAttributes) => {
    const known = requestFacts(inventory, binding, connection, request, received);
    if ('unreadable' in known) return unreadableVerdict(known);
    if ('refused' in known) return refusedVerdict(known);
    return closed() ?? known;
  };
  const judge = (
    facts: Facts,
    memo: GateMemo | undefined,
    connection: ConnectionAttributes,
    request: RequestAttributes,
    authorization: Authorization | undefined,
  ): Verdict => {
    if (authorization?.denial !== undefined) return authorization.denial;
    const judged = policies()(facts, authorization === undefined ? 'custom-unsettled' : 'custom-settled', memo?.policies);
    if (judged.reason === 'invalid-token') return invalidTokenVerdict(request.authentication?.refused);
    if (judged.effect === 'deny' || binding.roles.length === 0) return judged;
    const { http } = facts;
    return roles().decide(judged, connection, request, http?.headers, memo?.roles);
  };
  const decide = (
    connection: ConnectionAttributes,
    given: RequestAttributes,
    authorization: Authorization | undefined,
  ): RequestVerdict => {
    const request = given.authentication === undefined && verifiesTokens ? tokens()(given, nothingKnown).request : given;
    if (view?.view(connection, request, authorization?.received ?? request)) {
      const denied = closed();
      if (denied !== undefined) return denied;
      const { turn } = view;
      const verdict = judge(view, view.memo, connection, request, authorization);
      // An attribute that asks for another decision when it is read would leave this one with the facts of that one.
      if (view.turn !== turn) throw new Error('a decision began inside another');
      return sendable(verdict, request);
    }
    const known = factsOf(connection, request, authorization?.received);
    if ('effect' in known) return known;
    const verdict = sendable(judge(known.facts, undefined, connection, request, authorization), request);
    return verdict.effect === 'deny' || known.path === given.path ? verdict : { ...verdict, path: known.path };
  };
  const judged = total(decide);
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
    prepare: () =>
      ahead(
        () => closed() ?? policies(),
        () => roles().prepare('http'),
        tokens,
        authorize.prepare,
      ),
    authorizeRequest: (connection, request) => authorize.stage({ connection, request }),
    authenticate: (request, knowledge) => authenticated(() => tokens()(request, knowledge), request),
    request: (connection, request, authorization) => judged(connection, request, authorization),
  };
}

/** A verdict, unless it allows what then cannot be sent. */
function sendable(verdict: Verdict, { authentication }: RequestAttributes): Verdict {
  return verdict.effect === 'deny' ? verdict : (unsendableVerdict(authentication) ?? verdict);
}

/** Where the stage fails the request goes on as it was, and the decision, which then runs the stage itself, denies. */
function authenticated(stage: () => TokenStage, request: RequestAttributes): TokenStage {
  try {
    return stage();
  } catch {
    return { request, wanted: [] };
  }
}
