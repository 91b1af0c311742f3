import {
  type Endpoint,
  type HttpRouting,
  type OutboundRoute,
  type Permit,
  routeFromGate,
  type ServiceInfo,
  type WeightedBackend,
} from '@sallyport/policy';
import type { Routed, RoutedTarget } from '../http/scope.js';
import { type Hop, hopHost, hopsOf, hopTo } from './hop.js';
import type { DialContext, OnwardDialer, Origin } from './onward-dialer.js';
import { RoundRobin } from './round-robin.js';
import { weightedChoice } from './weighted-choice.js';

/** How a gate names groups of endpoints in its log, as Envoy does. */
export type ClusterNaming = (service: ServiceInfo, port: number) => string;

/** What a TCP connection goes on to. */
export interface ConnectionTargets {
  readonly hops: readonly Hop[];
  /** Why there are none. */
  readonly detail: string;
  readonly service?: ServiceInfo;
}

/** How to get to a port of a service from a gate, and what that is called. */
interface Way {
  readonly cluster: string;
  readonly route: OutboundRoute;
  readonly protocol: 'http1' | 'http2';
}

/** Turns what a route chose into endpoints that can be dialled, in turn. */
export class TargetBuilder {
  readonly #turns = new RoundRobin();
  /** Ways to services under one state of a gate: states are immutable, and swapped as a whole. */
  readonly #ways = new WeakMap<DialContext, Map<string, Way>>();

  constructor(
    private readonly dialer: OnwardDialer,
    private readonly naming: ClusterNaming,
    private readonly random: () => number = Math.random,
  ) {}

  /** Where a request goes under this routing: one backend by weight, its endpoints in turn. */
  routed(context: DialContext, routing: HttpRouting, origin: Origin): Routed {
    if (routing.kind === 'none') {
      return { kind: 'reply', status: 404, flags: 'NR', details: 'route_not_found' };
    }
    if (routing.kind === 'invalid') {
      return { kind: 'reply', status: 500, flags: '-', details: 'route_backend_invalid' };
    }
    const backend = weightedChoice(routing.backends, this.random);
    if (backend === undefined) {
      return { kind: 'reply', status: 500, flags: '-', details: 'route_without_weight' };
    }
    return this.#toBackend(context, backend, origin);
  }

  /** Where a request goes that was addressed to one workload. */
  toWorkload(context: DialContext, endpoint: Endpoint, protocol: 'http1' | 'http2', origin: Origin): Routed {
    const cluster = `inbound-vip|${endpoint.port}|http|${endpoint.workload.address}`;
    return { kind: 'targets', targets: [this.#target(context, hopTo(endpoint), { cluster, protocol }, origin)] };
  }

  /** Where a connection goes under this routing: one backend by weight, its endpoints in turn. */
  connection(context: DialContext, routing: HttpRouting): ConnectionTargets {
    const backend = routing.kind === 'backends' ? weightedChoice(routing.backends, this.random) : undefined;
    if (backend === undefined) {
      return { hops: [], detail: routing.kind === 'invalid' ? routing.detail : 'no route leads anywhere' };
    }
    return this.toService(context, backend.service, backend.port);
  }

  /** Where a connection to a port of a service goes, its endpoints in turn. */
  toService(context: DialContext, service: ServiceInfo, port: number): ConnectionTargets {
    const route = routeFromGate(context.snapshot.inventory, context.gateway, service, port);
    return { hops: this.#hops(context, route, this.naming(service, port)), detail: detailOf(route), service };
  }

  #toBackend(context: DialContext, { service, port }: WeightedBackend, origin: Origin): Routed {
    const { cluster, route, protocol } = this.#way(context, service, port);
    const hops = this.#hops(context, route, cluster);
    if (hops.length === 0) {
      const destination = { service, cluster, host: '-' };
      return { kind: 'reply', status: 503, flags: 'UH', details: 'no_healthy_upstream', failure: detailOf(route), destination };
    }
    const onward = { ...origin, serviceHost: service.hostname };
    return { kind: 'targets', targets: hops.map((hop) => this.#target(context, hop, { cluster, protocol, service }, onward)) };
  }

  #way(context: DialContext, service: ServiceInfo, port: number): Way {
    const ways = this.#ways.get(context) ?? new Map<string, Way>();
    this.#ways.set(context, ways);
    const key = `${service.key} ${port}`;
    const known = ways.get(key);
    if (known !== undefined) return known;
    const route = routeFromGate(context.snapshot.inventory, context.gateway, service, port);
    const http2 = service.ports.find((candidate) => candidate.port === port)?.http2 === true;
    const way: Way = { cluster: this.naming(service, port), route, protocol: http2 ? 'http2' : 'http1' };
    ways.set(key, way);
    return way;
  }

  /** Through one waypoint where the service has a canary, too: a request or connection that fails there fails. */
  #hops(context: DialContext, route: OutboundRoute, turn: string): Hop[] {
    const single = route.kind === 'split' ? weightedChoice(route.ways, this.random)?.route : route;
    if (single === undefined) return [];
    return hopsOf(context.snapshot.inventory, single, context.gateway, (endpoints) => this.#turns.order(turn, endpoints));
  }

  #target(
    context: DialContext,
    hop: Hop,
    { cluster, protocol, service }: { cluster: string; protocol: 'http1' | 'http2'; service?: ServiceInfo },
    origin: Origin,
  ): RoutedTarget {
    const host = hopHost(hop);
    const workload = hop.kind === 'passthrough' ? undefined : hop.workload;
    return {
      key: `${protocol} ${hop.kind} ${workload?.key ?? ''} ${host}`,
      protocol,
      destination: {
        cluster,
        host,
        ...(service === undefined ? {} : { service }),
        ...(workload === undefined || workload.kind === 'Gateway' ? {} : { workload }),
      },
      open: (permit: Permit, traceparent?: string) => this.dialer.open(permit, context, hop, { ...origin, traceparent }),
    };
  }
}

function detailOf(route: OutboundRoute): string {
  return route.kind === 'refused' ? route.detail : 'the route leads to no endpoint';
}
