import {
  type Authorization,
  asksServerName,
  bindGateway,
  bindWaypoint,
  type ConnectionAttributes,
  type ConnectionDecider,
  type CustomStage,
  connectionDecider,
  type GatewayBinding,
  type GatewayInfo,
  type Inventory,
  KeptDeciders,
  type RequestAttributes,
  type RequestDecider,
  type RequestVerdict,
  requestDecider,
  type ServiceInfo,
  type TokenKnowledge,
  type TokenStage,
  type Verdict,
  type WaypointBinding,
  type Workload,
} from '@sallyport/policy';

/** What a waypoint protects, or `listeners` for all that an ingress gateway does. */
export type DecisionTarget = ServiceInfo | Workload | 'listeners';

/**
 * The deciders of one gate under one snapshot, made when they are prepared or first asked for, and kept. Every answer is total: where a
 * decider cannot be made, or one throws against its contract, it is a deny with reason `internal-error`.
 */
export class GateDeciders {
  readonly #requests: KeptDeciders<WaypointBinding | GatewayBinding, RequestDecider>;
  readonly #connections: KeptDeciders<WaypointBinding | GatewayBinding, ConnectionDecider>;

  /** `previous` are those in force, of which the ones are kept that nothing has changed for. */
  constructor(
    inventory: Inventory,
    private readonly gateway: GatewayInfo,
    previous?: GateDeciders,
  ) {
    this.#requests = new KeptDeciders(inventory, previous === undefined ? undefined : previous.#requests);
    this.#connections = new KeptDeciders(inventory, previous === undefined ? undefined : previous.#connections);
  }

  /** Makes the decider of a target's requests, so that none of them waits for it. May throw: a request then finds the same, and is denied. */
  prepareRequests(target: DecisionTarget): void {
    this.#requestDecider(target).prepare();
  }

  /** The same for its connections without HTTP. */
  prepareConnections(target: DecisionTarget): void {
    this.#connectionDecider(target).prepare();
  }

  /** What the CUSTOM policies ask about a request. */
  authorizeRequest(target: DecisionTarget, connection: ConnectionAttributes, request: RequestAttributes): CustomStage {
    try {
      return this.#requestDecider(target).authorizeRequest(connection, request);
    } catch (error) {
      return settledBy(internalError(error));
    }
  }

  /** What the CUSTOM policies ask about a connection without HTTP. */
  authorizeConnection(target: DecisionTarget, connection: ConnectionAttributes): CustomStage {
    try {
      return this.#connectionDecider(target).authorizeConnection(connection);
    } catch (error) {
      return settledBy(internalError(error));
    }
  }

  /** What the tokens of a request come to; where that fails the decision denies. */
  authenticate(target: DecisionTarget, request: RequestAttributes, knowledge: TokenKnowledge): TokenStage {
    try {
      return this.#requestDecider(target).authenticate(request, knowledge);
    } catch {
      return { request, wanted: [] };
    }
  }

  /** Judges a request that has been through the stages before. */
  request(
    target: DecisionTarget,
    connection: ConnectionAttributes,
    request: RequestAttributes,
    authorization: Authorization,
  ): RequestVerdict {
    try {
      return this.#requestDecider(target).request(connection, request, authorization);
    } catch (error) {
      return internalError(error);
    }
  }

  /** Judges a connection without HTTP. */
  connection(target: DecisionTarget, connection: ConnectionAttributes, authorization: Authorization): Verdict {
    try {
      return this.#connectionDecider(target).connection(connection, authorization);
    } catch (error) {
      return internalError(error);
    }
  }

  /** Whether anything in force for this target asks for the server name of a connection's TLS. Where that cannot be told, it does. */
  asksServerName(target: DecisionTarget): boolean {
    try {
      return asksServerName(this.#connectionDecider(target).binding);
    } catch {
      return true;
    }
  }

  #requestDecider(target: DecisionTarget): RequestDecider {
    return this.#requests.of(keyOf(target), (inventory) => this.#binding(inventory, target), requestDecider);
  }

  #connectionDecider(target: DecisionTarget): ConnectionDecider {
    return this.#connections.of(keyOf(target), (inventory) => this.#binding(inventory, target), connectionDecider);
  }

  #binding(inventory: Inventory, target: DecisionTarget): WaypointBinding | GatewayBinding {
    return target === 'listeners' ? bindGateway(inventory, this.gateway) : bindWaypoint(inventory, this.gateway, target);
  }
}

function keyOf(target: DecisionTarget): string {
  return target === 'listeners' ? target : `${target.kind} ${target.key}`;
}

/** A stage that is over before it has begun. */
function settledBy(denial: Verdict): CustomStage {
  return { kind: 'settled', authorization: { denial, routeBy: 'received', responseHeaders: [], consulted: [] } };
}

function internalError(error: unknown): Verdict {
  return { effect: 'deny', reason: 'internal-error', audit: [], detail: error instanceof Error ? error.message : String(error) };
}
