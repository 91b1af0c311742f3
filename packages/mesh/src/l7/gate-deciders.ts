import {
  bindGateway,
  bindWaypoint,
  type ConnectionAttributes,
  type ConnectionDecider,
  connectionDecider,
  type GatewayInfo,
  type Inventory,
  type RequestAttributes,
  type RequestDecider,
  type RequestVerdict,
  requestDecider,
  type ServiceInfo,
  type Verdict,
  type Workload,
} from '@sallyport/policy';

/** What a waypoint protects, or `listeners` for all that an ingress gateway does. */
export type DecisionTarget = ServiceInfo | Workload | 'listeners';

/**
 * The deciders of one gate under one snapshot, made when first asked for and kept. Total: where a decider cannot be made, or one throws against its
 * contract, the answer is a deny with reason `internal-error`.
 */
export class GateDeciders {
  readonly #requests = new Map<string, RequestDecider>();
  readonly #connections = new Map<string, ConnectionDecider>();

  constructor(
    private readonly inventory: Inventory,
    private readonly gateway: GatewayInfo,
  ) {}

  /** Judges a request. */
  request(target: DecisionTarget, connection: ConnectionAttributes, request: RequestAttributes): RequestVerdict {
    try {
      return this.#requestDecider(target).request(connection, request);
    } catch (error) {
      return { ...internalError(error), path: '' };
    }
  }

  /** Judges a connection without HTTP. */
  connection(target: DecisionTarget, connection: ConnectionAttributes): Verdict {
    try {
      return this.#connectionDecider(target).connection(connection);
    } catch (error) {
      return internalError(error);
    }
  }

  #requestDecider(target: DecisionTarget): RequestDecider {
    const key = keyOf(target);
    const decider = this.#requests.get(key) ?? requestDecider(this.inventory, this.#binding(target));
    this.#requests.set(key, decider);
    return decider;
  }

  #connectionDecider(target: DecisionTarget): ConnectionDecider {
    const key = keyOf(target);
    const decider = this.#connections.get(key) ?? connectionDecider(this.inventory, this.#binding(target));
    this.#connections.set(key, decider);
    return decider;
  }

  #binding(target: DecisionTarget) {
    return target === 'listeners'
      ? bindGateway(this.inventory, this.gateway)
      : bindWaypoint(this.inventory, this.gateway, target);
  }
}

function keyOf(target: DecisionTarget): string {
  return target === 'listeners' ? target : `${target.kind} ${target.key}`;
}

function internalError(error: unknown): Verdict {
  return { effect: 'deny', reason: 'internal-error', audit: [], detail: error instanceof Error ? error.message : String(error) };
}
