import { ReadConnection, type RequestAttributes, routeHttp, routeTcp, type Workload } from '@sallyport/policy';
import type { ConnectionStages } from '../ext-authz/connection-judgement.js';
import type { HboneRequest } from '../hbone/hbone-request.js';
import { formatAuthority } from '../hbone/headers.js';
import { tunnelSource } from '../hbone/tunnel-source.js';
import type { RequestScope, Routed } from '../http/scope.js';
import { hopTo } from '../l7/hop.js';
import type { Origin } from '../l7/onward-dialer.js';
import { serverNameAttributes } from '../l7/server-name.js';
import type { ConnectionTargets, TargetBuilder } from '../l7/target-builder.js';
import type { NetworkFilter } from '../metadata/network-filter.js';
import type { Greeting } from '../socket/client-hello.js';
import { protectedObject, protocolOf, type ServedTarget, type WaypointState } from './waypoint-state.js';

/**
 * One tunnel at a waypoint: who is at its other end, and what it asked for. What that means is worked out anew whenever it is
 * asked, under the snapshot that is in force then.
 */
export class WaypointTunnel {
  /** The client as policy sees it: the identity of its certificate, the address of the tunnel's TCP peer. */
  readonly peer: { readonly identity: string; readonly address: string };
  #greeting: Greeting | undefined;
  /** What applied under the state that was last asked about; states are immutable, and swapped as a whole. */
  #scoped: { readonly state: WaypointState | undefined; readonly scope: RequestScope | undefined } | undefined;

  constructor(
    readonly request: HboneRequest,
    policyAddress: string,
    private readonly state: () => WaypointState | undefined,
    private readonly builder: TargetBuilder,
  ) {
    this.peer = { identity: request.peer.identity.uri, address: policyAddress };
  }

  /** The tunnel's target, if this waypoint still serves it. */
  target(state: WaypointState): ServedTarget | undefined {
    const target = state.accept(this.request.authority);
    return target.kind === 'refused' ? undefined : target;
  }

  /** Whether anything that is in force for it asks for the server name of the TLS inside. MySQL's server speaks first: no TLS begins it. */
  wantsServerName(state: WaypointState, target: ServedTarget): boolean {
    const { application } = protocolOf(state.snapshot.inventory, target);
    return application !== 'mysql' && state.deciders.asksServerName(protectedObject(target));
  }

  /** How the TLS inside began. */
  greeted(greeting: Greeting): void {
    this.#greeting = greeting;
  }

  /** The workload that opened it, for logs and metrics. */
  source({ snapshot, gateway }: WaypointState): Workload | undefined {
    return tunnelSource(snapshot.inventory, { ...this.peer, headers: this.request.headers, network: gateway.workload.network });
  }

  origin(target: ServedTarget): Origin {
    return {
      sourceAddress: this.peer.address,
      sourcePort: this.request.from.port,
      ...(target.kind === 'service' ? { serviceHost: target.service.hostname } : {}),
    };
  }

  /** `IP:PORT` of the client, for logs. */
  get downstreamRemote(): string {
    return formatAuthority(this.peer.address, this.request.from.port);
  }

  /** What applies to the requests inside; undefined where this is no HTTP target of this waypoint any more. */
  scope(): RequestScope | undefined {
    const state = this.state();
    if (this.#scoped === undefined || this.#scoped.state !== state) this.#scoped = { state, scope: this.#scopeUnder(state) };
    return this.#scoped.scope;
  }

  #scopeUnder(state: WaypointState | undefined): RequestScope | undefined {
    const target = state === undefined ? undefined : this.target(state);
    if (state === undefined || target === undefined || protocolOf(state.snapshot.inventory, target).kind === 'tcp') {
      return undefined;
    }
    const guarded = protectedObject(target);
    const connection = new ReadConnection(state.attributes(target, this.peer));
    return {
      trustForwardedProto: true,
      authorize: (request) => state.deciders.authorizeRequest(guarded, connection, request),
      authenticate: (request, knowledge) => state.deciders.authenticate(guarded, request, knowledge),
      tokensEndRequests: state.snapshot.inventory.dialect.name === 'strict',
      judge: (request, authorization) => state.deciders.request(guarded, connection, request, authorization),
      route: (request) => this.#route(state, target, request),
    };
  }

  /** How the tunnel is judged as a connection; its stages are undefined where this is no TCP target of this waypoint any more. */
  connectionStages(): ConnectionStages {
    return {
      authorize: (published) => {
        const served = this.#servedAsTcp();
        if (served === undefined) return undefined;
        const attributes = { ...served.attributes, ...published };
        return served.state.deciders.authorizeConnection(protectedObject(served.target), attributes);
      },
      verdict: (authorization, published) => {
        const served = this.#servedAsTcp();
        if (served === undefined) return undefined;
        const attributes = { ...served.attributes, ...published };
        return served.state.deciders.connection(protectedObject(served.target), attributes, authorization);
      },
    };
  }

  /** Where the tunnel goes on to as a connection. */
  connectionTargets(): ConnectionTargets {
    const state = this.state();
    const target = state === undefined ? undefined : this.target(state);
    if (state === undefined || target === undefined) {
      return { hops: [], detail: 'the target is not served any more' };
    }
    if (target.kind === 'workload') {
      return { hops: [hopTo(target)], detail: '' };
    }
    const { service, servicePort } = target;
    return this.builder.connection(state, routeTcp(state.snapshot.inventory, { service, port: servicePort.port }));
  }

  /** The filter that reads this tunnel. Upstream's reads nothing before the one verdict that it gives on a connection. */
  filter(mysql: NetworkFilter): NetworkFilter | undefined {
    const served = this.#servedAsTcp();
    if (served === undefined || served.state.snapshot.inventory.dialect.name === 'upstream') return undefined;
    return protocolOf(served.state.snapshot.inventory, served.target).application === 'mysql' ? mysql : undefined;
  }

  #servedAsTcp() {
    const state = this.state();
    const target = state === undefined ? undefined : this.target(state);
    if (state === undefined || target === undefined || protocolOf(state.snapshot.inventory, target).kind === 'http') {
      return undefined;
    }
    const strict = state.snapshot.inventory.dialect.name === 'strict';
    const required = strict && this.wantsServerName(state, target);
    // A tunnel that was open before anything asked has not been listened to, and cannot be any more.
    const greeting = this.#greeting ?? { kind: 'malformed', detail: 'it was not asked for when the connection began' };
    return { state, target, attributes: { ...state.attributes(target, this.peer), ...serverNameAttributes(greeting, required) } };
  }

  #route(state: WaypointState, target: ServedTarget, request: RequestAttributes): Routed {
    const { inventory } = state.snapshot;
    const origin = this.origin(target);
    if (target.kind === 'workload') {
      const protocol = protocolOf(inventory, target).http2 ? 'http2' : 'http1';
      return this.builder.toWorkload(state, target, protocol, origin);
    }
    const routing = routeHttp(inventory, { service: target.service, port: target.servicePort.port }, request);
    return this.builder.routed(state, routing, origin);
  }
}
