import { type HttpRouting, ReadConnection, type RequestAttributes, routeHttp, routeTcp, routeTls } from '@sallyport/policy';
import type { ConnectionStages } from '../ext-authz/connection-judgement.js';
import { formatAuthority } from '../hbone/headers.js';
import type { RequestScope, Routed } from '../http/scope.js';
import type { Origin } from '../l7/onward-dialer.js';
import type { ConnectionTargets, TargetBuilder } from '../l7/target-builder.js';
import type { NetworkFilter } from '../metadata/network-filter.js';
import { removedDrainMs } from '../socket/listener-set.js';
import { type ClientFacts, farEnd } from './client-facts.js';
import type { GatewayState } from './gateway-state.js';
import { hostOf, listenerFor } from './listener-host.js';
import { connectionKind, serves } from './listener-kind.js';

/** One client connection at an ingress gateway; what applies to it is worked out anew under the snapshot that is in force. */
export class GatewayClient {
  /** The connection as the policies of one state see it, the same object for all its requests. */
  #read: { readonly state: GatewayState; readonly connection: ReadConnection } | undefined;

  #ending: NodeJS.Timeout | undefined;

  /** `end` is called where it has had its time to finish. */
  constructor(
    readonly facts: ClientFacts,
    private readonly state: () => GatewayState | undefined,
    private readonly builder: TargetBuilder,
    private readonly end: () => void,
  ) {}

  get origin(): Origin {
    const { address, port } = farEnd(this.facts);
    return { sourceAddress: address, sourcePort: port };
  }

  /** `IP:PORT` of the client, for logs. */
  get downstreamRemote(): string {
    const { address, port } = farEnd(this.facts);
    return formatAuthority(address, port);
  }

  /** What applies to the requests of this connection; undefined where its gateway is gone, or takes or leaves PROXY headers now. */
  scope(): RequestScope | undefined {
    const state = this.#standing();
    if (state === undefined) {
      return undefined;
    }
    const connection = this.#connectionUnder(state);
    return {
      draining: this.#current() === undefined,
      trustForwardedProto: state.gateway.topology.numTrustedProxies > 0,
      authorize: (request) => state.deciders.authorizeRequest('listeners', connection, request),
      authenticate: (request, knowledge) => state.deciders.authenticate('listeners', request, knowledge),
      tokensEndRequests: state.snapshot.inventory.dialect.name === 'strict',
      judge: (request, authorization) => state.deciders.request('listeners', connection, request, authorization),
      route: (request) => this.#route(state, request),
    };
  }

  /** How the connection itself is judged; its stages are undefined where its gateway is gone, or takes or leaves PROXY headers now. */
  connectionStages(): ConnectionStages {
    return {
      authorize: (published) => {
        const state = this.#standing();
        return state?.deciders.authorizeConnection('listeners', { ...state.attributes(this.facts), ...published });
      },
      verdict: (authorization, published) => {
        const state = this.#standing();
        return state?.deciders.connection('listeners', { ...state.attributes(this.facts), ...published }, authorization);
      },
    };
  }

  /** The filter that reads this connection, by what its route leads to. Upstream's reads nothing before its one verdict. */
  filter(mysql: NetworkFilter): NetworkFilter | undefined {
    const state = this.#current();
    if (state === undefined || state.snapshot.inventory.dialect.name === 'upstream') return undefined;
    if (this.facts.kind === 'passthrough') return undefined;
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
    const { inventory } = state.snapshot;
    const listeners = state.listenersOn(this.facts.port);
    if (this.facts.kind !== 'passthrough') {
      const [listener] = listeners;
      return listener && routeTcp(inventory, { gateway: state.gateway, listenerName: listener.name });
    }
    const listener = listenerFor(listeners, this.#serverName);
    return listener && connectionKind(listener) === 'passthrough'
      ? routeTls(inventory, { gateway: state.gateway, listenerName: listener.name }, this.#serverName)
      : undefined;
  }

  /** `''` where the client asked for none. */
  get #serverName(): string {
    const { greeting } = this.facts;
    return (greeting?.kind === 'hello' ? greeting.serverName : undefined) ?? '';
  }

  #route(state: GatewayState, request: RequestAttributes): Routed {
    // What finishes goes where it began to go: nothing leads from a listener that speaks something else now.
    const listeners = this.#current() === undefined ? [] : state.listenersOn(this.facts.port);
    const listener = listenerFor(listeners, hostOf(request.authority));
    // A connection that was secured for one listener does not reach the routes of another.
    const foreign = this.facts.kind === 'https' && listener !== listenerFor(listeners, this.#serverName);
    if (listener === undefined || foreign) {
      return { kind: 'reply', status: 404, flags: 'NR', details: 'route_not_found' };
    }
    const routing = routeHttp(state.snapshot.inventory, { gateway: state.gateway, listenerName: listener.name }, request);
    return this.builder.routed(state, routing, this.origin);
  }

  #connectionUnder(state: GatewayState): ReadConnection {
    if (this.#read?.state !== state) this.#read = { state, connection: new ReadConnection(state.attributes(this.facts)) };
    return this.#read.connection;
  }

  /** The state in force where its listener serves this connection. */
  #current(): GatewayState | undefined {
    const state = this.state();
    return state !== undefined && this.#isSame(state) && serves(state.listenersOn(this.facts.port), this.facts.kind)
      ? state
      : undefined;
  }

  /** The same, and also where its listener is gone or speaks something else now: the gateway's policies still judge what is to finish there. */
  #standing(): GatewayState | undefined {
    const state = this.state();
    if (state === undefined || !this.#isSame(state)) return undefined;
    if (this.#current() === undefined) this.#ending ??= setTimeout(this.end, removedDrainMs).unref();
    return state;
  }

  /** A connection that began before PROXY headers were asked for has none, and one that had to bring one was told of by whom it brought. */
  #isSame(state: GatewayState): boolean {
    return state.gateway.topology.proxyProtocol === this.facts.proxied;
  }
}
