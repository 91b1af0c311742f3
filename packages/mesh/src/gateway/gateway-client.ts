import { type HttpRouting, type RequestAttributes, routeHttp, routeTcp } from '@sallyport/policy';
import type { ConnectionStages } from '../ext-authz/connection-judgement.js';
import { formatAuthority } from '../hbone/headers.js';
import type { RequestScope, Routed } from '../http/scope.js';
import type { Origin } from '../l7/onward-dialer.js';
import type { ConnectionTargets, TargetBuilder } from '../l7/target-builder.js';
import type { NetworkFilter } from '../metadata/network-filter.js';
import type { GatewayState } from './gateway-state.js';
import { hostOf, listenerFor } from './listener-host.js';
import { type PortKind, portKind } from './listener-plan.js';

/** What is known of a client's connection to a gateway. */
export interface ClientFacts {
  readonly kind: Exclude<PortKind, 'conflict'>;
  /** The declared port of the listener. */
  readonly port: number;
  /** The TCP peer, as policy address. */
  readonly address: string;
  readonly sourcePort: number;
  readonly sni?: string;
}

/** One client connection at an ingress gateway; what applies to it is worked out anew under the snapshot that is in force. */
export class GatewayClient {
  constructor(
    readonly facts: ClientFacts,
    private readonly state: () => GatewayState | undefined,
    private readonly builder: TargetBuilder,
  ) {}

  get origin(): Origin {
    return { sourceAddress: this.facts.address, sourcePort: this.facts.sourcePort };
  }

  /** `IP:PORT` of the client, for logs. */
  get downstreamRemote(): string {
    return formatAuthority(this.facts.address, this.facts.sourcePort);
  }

  /** What applies to the requests of this connection; undefined where its listener is gone or speaks something else now. */
  scope(): RequestScope | undefined {
    const state = this.#current();
    if (state === undefined) {
      return undefined;
    }
    return {
      trustForwardedProto: state.snapshot.inventory.mesh.numTrustedProxies > 0,
      authorize: (request) => state.deciders.authorizeRequest('listeners', this.#attributes(state), request),
      authenticate: (request, knowledge) => state.deciders.authenticate('listeners', request, knowledge),
      tokensEndRequests: state.snapshot.inventory.dialect.name === 'strict',
      judge: (request, authorization) => state.deciders.request('listeners', this.#attributes(state), request, authorization),
      route: (request) => this.#route(state, request),
    };
  }

  /** How the connection itself is judged; its stages are undefined where its listener is gone or speaks something else now. */
  connectionStages(): ConnectionStages {
    return {
      authorize: (published) => {
        const state = this.#current();
        return state?.deciders.authorizeConnection('listeners', { ...this.#attributes(state), ...published });
      },
      verdict: (authorization, published) => {
        const state = this.#current();
        return state?.deciders.connection('listeners', { ...this.#attributes(state), ...published }, authorization);
      },
    };
  }

  /** The filter that reads this connection, by what its route leads to. Upstream's reads nothing before its one verdict. */
  filter(mysql: NetworkFilter): NetworkFilter | undefined {
    const state = this.#current();
    if (state === undefined || state.snapshot.inventory.dialect.name === 'upstream') return undefined;
    const routing = this.#tcpRouting(state);
    const backends = routing?.kind === 'backends' ? routing.backends : [];
    const speaksMysql = backends.some(({ service, port }) =>
      service.ports.some((each) => each.port === port && each.application === 'mysql'),
    );
    return speaksMysql ? mysql : undefined;
  }

  /** Where the connection goes on to. */
  connectionTargets(): ConnectionTargets {
    const state = this.#current();
    const routing = state && this.#tcpRouting(state);
    if (state === undefined || routing === undefined) {
      return { hops: [], detail: 'the listener is gone' };
    }
    return this.builder.connection(state, routing);
  }

  #tcpRouting(state: GatewayState): HttpRouting | undefined {
    const [listener] = state.listenersOn(this.facts.port);
    return listener && routeTcp(state.snapshot.inventory, { gateway: state.gateway, listenerName: listener.name });
  }

  #route(state: GatewayState, request: RequestAttributes): Routed {
    const listeners = state.listenersOn(this.facts.port);
    const listener = listenerFor(listeners, hostOf(request.authority));
    // A connection that was secured for one listener does not reach the routes of another.
    const foreign = this.facts.kind === 'https' && listener !== listenerFor(listeners, this.facts.sni ?? '');
    if (listener === undefined || foreign) {
      return { kind: 'reply', status: 404, flags: 'NR', details: 'route_not_found' };
    }
    const routing = routeHttp(state.snapshot.inventory, { gateway: state.gateway, listenerName: listener.name }, request);
    return this.builder.routed(state, routing, this.origin);
  }

  #attributes(state: GatewayState) {
    return state.attributes(this.facts.port, this.facts.address, this.facts.sni);
  }

  #current(): GatewayState | undefined {
    const state = this.state();
    return state !== undefined && portKind(state.listenersOn(this.facts.port)) === this.facts.kind ? state : undefined;
  }
}
