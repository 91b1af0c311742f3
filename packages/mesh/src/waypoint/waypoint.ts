import type { Duplex } from 'node:stream';
import type { ServiceInfo } from '@sallyport/policy';
import type { Gate } from '../gate.js';
import type { HboneRequest } from '../hbone/hbone-request.js';
import { type EarlyRefusal, HboneServer } from '../hbone/hbone-server.js';
import { formatAuthority } from '../hbone/headers.js';
import { resetStream } from '../hbone/reset.js';
import { sniffProtocol, type WireProtocol } from '../http/detect-protocol.js';
import { hbonePort } from '../l7/hop.js';
import { L7Gate, type L7GateOptions } from '../l7/l7-gate.js';
import { greetingOf } from '../l7/server-name.js';
import type { TcpClient } from '../l7/tcp-connection.js';
import { type Listener, type ListenerPlan, placeOf } from '../socket/listener-set.js';
import { namespaceOf } from '../socket/namespace-of.js';
import { readTraceparent } from '../telemetry/tracing/trace-context.js';
import { protocolOf, type ServedTarget, WaypointState } from './waypoint-state.js';
import { WaypointTunnel } from './waypoint-tunnel.js';

interface WaypointPlan extends ListenerPlan {
  readonly identity: string;
}

/**
 * Starts a waypoint: terminates HBONE as the Gateway's service account, judges each request or connection inside by the policies of
 * what it is addressed to, and goes on as itself. Rejects where the snapshot has no such waypoint or its socket cannot be opened.
 */
export function startWaypoint(options: L7GateOptions): Promise<Gate> {
  return new Waypoint(options).start();
}

class Waypoint {
  readonly #options: L7GateOptions;
  readonly #gate: L7Gate<WaypointState>;
  readonly #servers = new Set<HboneServer>();

  constructor(options: L7GateOptions) {
    this.#options = options;
    this.#gate = new L7Gate('waypoint', options, clusterName);
  }

  start(): Promise<Gate> {
    return this.#gate.start<WaypointPlan>({
      stateOf: (snapshot, previous) => WaypointState.of(snapshot, this.#options.gateway, previous),
      plans: plansOf,
      open: (plan) => this.#open(plan),
      enforced: (state) => this.#enforced(state),
    });
  }

  async #open(plan: WaypointPlan): Promise<Listener> {
    const server = await HboneServer.listen({
      ...placeOf(plan),
      identity: plan.identity,
      credentials: this.#options.credentials,
      peers: this.#gate.peers,
      handler: (request) => this.#accept(request),
      onRefused: (refusal) => this.#refused(refusal),
    });
    this.#servers.add(server);
    return {
      close: (drainMs) => {
        this.#servers.delete(server);
        return server.close(drainMs);
      },
    };
  }

  #enforced(state: WaypointState | undefined): void {
    for (const server of this.#servers) {
      if (state !== undefined) {
        server.setIdentity(state.gateway.workload.identity);
      }
      server.rejudge();
    }
  }

  #accept(request: HboneRequest): void | Promise<void> {
    const state = this.#gate.state;
    const target = state?.accept(request.authority);
    if (state === undefined || target === undefined || target.kind === 'refused') {
      request.refuse(target?.kind === 'refused' ? target.status : 503);
      const error = target?.kind === 'refused' ? target.detail : 'no such waypoint';
      return this.#refused({ from: request.from, to: request.to, error });
    }
    const source = state.snapshot.addresses.policyAddress(request.from.address);
    const tunnel = new WaypointTunnel(request, source, () => this.#gate.state, this.#gate.builder);
    switch (protocolOf(state.snapshot.inventory, target).kind) {
      case 'http':
        return this.#serveHttp(state, tunnel, target, request.accept());
      case 'tcp':
        if (tunnel.wantsServerName(state, target)) return this.#greet(tunnel, opened(request));
        return this.#serveTcp(state, tunnel, target, {
          open: () => request.accept(),
          refuse: (why) => request.refuse(why === 'denied' ? 401 : 503),
          gone: () => request.gone,
        });
      case 'undeclared':
        return this.#sniff(tunnel);
    }
  }

  /** Nobody declared the protocol: the tunnel is opened, and its first bytes tell how it is judged. */
  async #sniff(tunnel: WaypointTunnel): Promise<void> {
    const stream = opened(tunnel.request);
    const protocol = await sniffProtocol(stream, this.#gate.limits.sniffTimeoutMs);
    const state = this.#gate.state;
    const target = state === undefined ? undefined : tunnel.target(state);
    if (state === undefined || target === undefined) {
      resetStream(stream);
    } else if (protocol === 'tcp' && tunnel.wantsServerName(state, target)) {
      await this.#greet(tunnel, stream);
    } else if (protocol === 'tcp') {
      await this.#serveTcp(state, tunnel, target, openedClient(stream));
    } else {
      this.#serveHttp(state, tunnel, target, stream, protocol);
    }
  }

  /** Policy asks for the server name: the tunnel is opened, and the TLS inside tells it before anything is judged. */
  async #greet(tunnel: WaypointTunnel, stream: Duplex): Promise<void> {
    tunnel.greeted(await greetingOf(stream, this.#gate.limits.preambleTimeoutMs));
    const state = this.#gate.state;
    const target = state === undefined ? undefined : tunnel.target(state);
    if (state === undefined || target === undefined) {
      resetStream(stream);
    } else {
      await this.#serveTcp(state, tunnel, target, openedClient(stream));
    }
  }

  #serveHttp(state: WaypointState, tunnel: WaypointTunnel, target: ServedTarget, stream: Duplex, protocol?: WireProtocol): void {
    const { destinationIp, destinationPort } = state.attributes(target, tunnel.peer);
    const source = tunnel.source(state);
    this.#gate.serveHttp(
      {
        stream,
        scheme: 'http',
        ...(protocol === undefined ? {} : { protocol }),
        parties: {
          downstreamRemote: tunnel.downstreamRemote,
          downstreamLocal: formatAuthority(destinationIp, destinationPort),
          identity: tunnel.peer.identity,
          ...(source === undefined ? {} : { source }),
          ...(target.kind === 'service' ? { service: target.service } : {}),
        },
        scope: () => tunnel.scope(),
      },
      (listener) => tunnel.request.onClose(listener),
    );
  }

  async #serveTcp(state: WaypointState, tunnel: WaypointTunnel, target: ServedTarget, client: TcpClient): Promise<void> {
    const { request, peer } = tunnel;
    const source = tunnel.source(state);
    const { traceparent } = request.headers;
    const report = this.#gate.telemetry.report(
      {
        direction: 'inbound',
        source: {
          address: tunnel.downstreamRemote,
          identity: peer.identity,
          ...(source === undefined ? {} : { workload: source }),
        },
        destination: {
          address: request.authority,
          hboneAddress: request.authority,
          ...(target.kind === 'service' ? { service: target.service } : { workload: target.workload }),
        },
      },
      traceparent,
    );
    // Without a span of its own a gate is no more than a hop on the way.
    const onward = report.trace?.parent ?? (readTraceparent(traceparent) && traceparent);
    await this.#gate.serveTcp(
      {
        client,
        report,
        stages: tunnel.connectionStages(),
        filter: () => tunnel.filter(this.#gate.mysql),
        targets: () => tunnel.connectionTargets(),
      },
      () => ({ state: this.#gate.state ?? state, origin: { ...tunnel.origin(target), traceparent: onward } }),
    );
  }

  #refused({ from, to, error }: EarlyRefusal): void {
    const ends = { source: formatAuthority(from.address, from.port), destination: formatAuthority(to.address, to.port) };
    this.#gate.telemetry.connections.failed({ direction: 'inbound', ...ends }, error);
  }
}

/** Opens a tunnel before it is judged. Its end is seen by whoever serves it; an error without a listener would end the process. */
function opened(request: HboneRequest): Duplex {
  return request.accept().on('error', () => undefined);
}

/** The client of a tunnel that is open already. */
function openedClient(stream: Duplex): TcpClient {
  return { open: () => stream, refuse: () => resetStream(stream), gone: () => stream.destroyed };
}

function plansOf(state: WaypointState | undefined): readonly WaypointPlan[] {
  if (state === undefined) {
    return [];
  }
  const { gateway, socketAddress, snapshot } = state;
  const { addresses } = snapshot;
  const { key, identity } = gateway.workload;
  const place = { address: socketAddress, port: addresses.socketPort(hbonePort), ...namespaceOf(addresses, key) };
  return [{ ...place, purpose: 'HBONE', workload: key, identity }];
}

function clusterName(service: ServiceInfo, port: number): string {
  return `inbound-vip|${port}|http|${service.hostname}`;
}
