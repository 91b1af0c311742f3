import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import type { ServiceInfo } from '@sallyport/policy';
import type { Gate } from '../gate.js';
import { formatAuthority } from '../hbone/headers.js';
import { resetStream } from '../hbone/reset.js';
import type { WireProtocol } from '../http/detect-protocol.js';
import { L7Gate, type L7GateOptions } from '../l7/l7-gate.js';
import { greetingOf } from '../l7/server-name.js';
import type { Greeting } from '../socket/client-hello.js';
import { type Listener, placeOf } from '../socket/listener-set.js';
import { proxyHeaderOf } from '../socket/proxy-header.js';
import { resetAfterFirstBytes } from '../socket/reset-later.js';
import { Tally } from '../socket/tally.js';
import { listenTcp } from '../socket/tcp-listener.js';
import { type Arrival, type ClientFacts, farEnd } from './client-facts.js';
import { GatewayClient } from './gateway-client.js';
import { GatewayState } from './gateway-state.js';
import { listenerFor } from './listener-host.js';
import { connectionKind, portKind } from './listener-kind.js';
import { type GatewayPlan, plansOf } from './listener-plan.js';
import { terminateTls } from './terminate-tls.js';

/**
 * Starts an ingress gateway: HTTP, HTTPS, TCP and TLS listeners for clients outside the mesh, judged by the gateway's policies, routed by
 * HTTPRoutes, TCPRoutes and TLSRoutes, and on into the mesh as the gateway itself (reference section 9). Rejects where the snapshot has no such
 * gateway or a socket cannot be opened.
 */
export function startGateway(options: L7GateOptions): Promise<Gate> {
  return new IngressGateway(options).start();
}

class IngressGateway {
  readonly #options: L7GateOptions;
  readonly #gate: L7Gate<GatewayState>;
  /** TLS handshakes under way, by client. */
  readonly #handshakes: Tally;

  constructor(options: L7GateOptions) {
    this.#options = options;
    this.#gate = new L7Gate('gateway', options, clusterName);
    this.#handshakes = new Tally(this.#gate.limits.handshakesPerAddress);
  }

  start(): Promise<Gate> {
    return this.#gate.start<GatewayPlan>({
      stateOf: (snapshot, previous) => GatewayState.of(snapshot, this.#options.gateway, previous),
      plans: plansOf,
      open: (plan) => this.#open(plan),
    });
  }

  #open(plan: GatewayPlan): Promise<Listener> {
    return listenTcp({
      ...placeOf(plan),
      maxFromAddress: this.#gate.limits.connectionsPerAddress,
      onConnection: (socket) => this.#accept(plan.declaredPort, socket),
    });
  }

  #accept(port: number, socket: Socket): void {
    const { remoteAddress, remotePort } = socket;
    if (remoteAddress === undefined || remotePort === undefined) {
      // It is gone already; nobody is judged by an address that is not known.
      resetStream(socket);
      return;
    }
    const address = this.#gate.state?.snapshot.addresses.policyAddress(remoteAddress) ?? remoteAddress;
    const arrival = { port, address, sourcePort: remotePort };
    if (this.#gate.state?.gateway.topology.proxyProtocol === true) void this.#acceptProxied(socket, arrival);
    else this.#serve(socket, { ...arrival, proxied: false });
  }

  /** A connection of a proxy, which says first whose it is. One that does not is closed: nobody knows whom to judge. */
  async #acceptProxied(socket: Socket, arrival: Omit<Arrival, 'proxied'>): Promise<void> {
    const header = await proxyHeaderOf(socket, this.#gate.limits.preambleTimeoutMs);
    if (header.kind === 'malformed') {
      this.#failed(socket, { ...arrival, proxied: true }, `PROXY header: ${header.detail}`);
    } else {
      this.#serve(socket, { ...arrival, proxied: true, ...(header.kind === 'client' ? { client: header.client } : {}) });
    }
  }

  #serve(socket: Socket, arrival: Arrival): void {
    const kind = this.#gate.state === undefined ? undefined : portKind(this.#gate.state.listenersOn(arrival.port));
    switch (kind) {
      case 'http':
        this.#serveHttp(socket, { ...arrival, kind });
        break;
      case 'https':
        this.#terminate(socket, arrival);
        break;
      case 'tls':
        void this.#serveTls(socket, arrival);
        break;
      case 'tcp':
        void this.#serveTcp(socket, { ...arrival, kind });
        break;
      case 'conflict':
      case undefined:
        resetStream(socket);
    }
  }

  /** The server name tells whether TLS ends here or is passed through. What is no greeting that can be read is nobody's to end. */
  async #serveTls(socket: Socket, arrival: Arrival): Promise<void> {
    const seen = await greetingOf(socket, this.#gate.limits.preambleTimeoutMs);
    const greeting: Greeting = seen.kind === 'other' ? { kind: 'malformed', detail: 'it is no TLS' } : seen;
    const name = greeting.kind === 'hello' ? greeting.serverName : undefined;
    const listener = this.#gate.state && listenerFor(this.#gate.state.listenersOn(arrival.port), name ?? '');
    if (greeting.kind === 'hello' && listener === undefined) {
      this.#failed(socket, arrival, name === undefined ? 'TLS: no server name' : `TLS: no listener covers \`${name}\``);
    } else if (greeting.kind === 'hello' && listener && connectionKind(listener) === 'https') {
      this.#terminate(socket, arrival);
    } else {
      await this.#serveTcp(socket, { ...arrival, kind: 'passthrough', greeting });
    }
  }

  #terminate(socket: Socket, arrival: Arrival): void {
    const ended = this.#handshakes.take(farEnd(arrival).address);
    if (ended === undefined) {
      this.#failed(socket, arrival, 'too many TLS handshakes at once');
      return;
    }
    if (socket.closed) ended();
    else socket.once('close', ended);
    terminateTls(socket, {
      certificateFor: (name) => this.#gate.state?.certificates.certificateFor(this.#gate.state.listenersOn(arrival.port), name),
      onSecure: (secure) => {
        ended();
        this.#serveHttp(secure, { ...arrival, kind: 'https', greeting: greetingIn(secure) }, protocolOf(secure));
      },
      onFailed: (failed, error) => this.#failed(failed, arrival, `TLS handshake: ${error.message}`),
    });
  }

  #serveHttp(socket: Duplex, facts: ClientFacts, protocol?: WireProtocol): void {
    const client = new GatewayClient(
      facts,
      () => this.#gate.state,
      this.#gate.builder,
      () => resetStream(socket),
    );
    this.#gate.serveHttp(
      {
        stream: socket,
        scheme: facts.kind === 'https' ? 'https' : 'http',
        ...(protocol === undefined ? {} : { protocol }),
        appendForwardedFor: farEnd(facts).address,
        parties: {
          downstreamRemote: client.downstreamRemote,
          downstreamLocal: formatAuthority(this.#ownAddress(), facts.port),
          ...(facts.greeting?.kind === 'hello' && facts.greeting.serverName !== undefined
            ? { sni: facts.greeting.serverName }
            : {}),
        },
        scope: () => client.scope(),
      },
      (listener) => socket.once('close', listener),
    );
  }

  async #serveTcp(socket: Socket, facts: ClientFacts): Promise<void> {
    const client = new GatewayClient(
      facts,
      () => this.#gate.state,
      this.#gate.builder,
      () => resetStream(socket),
    );
    const report = this.#gate.telemetry.report({
      direction: 'outbound',
      source: { address: client.downstreamRemote },
      destination: { address: formatAuthority(this.#ownAddress(), facts.port) },
    });
    await this.#gate.serveTcp(
      {
        client: {
          open: () => socket,
          refuse: (why) => (why === 'denied' ? resetAfterFirstBytes(socket) : resetStream(socket)),
          gone: () => socket.destroyed,
        },
        report,
        stages: client.connectionStages(),
        filter: () => client.filter(this.#gate.mysql),
        targets: () => client.connectionTargets(),
      },
      () => ({ state: this.#required(), origin: { ...client.origin, traceparent: report.trace?.parent } }),
    );
  }

  #required(): GatewayState {
    if (this.#gate.state === undefined) {
      throw new Error('the gateway is gone');
    }
    return this.#gate.state;
  }

  #ownAddress(): string {
    return this.#gate.state?.gateway.workload.address ?? '0.0.0.0';
  }

  #failed(socket: Socket, arrival: Arrival, error: string): void {
    const { address, port } = farEnd(arrival);
    const source = formatAuthority(address, port);
    const destination = formatAuthority(this.#ownAddress(), arrival.port);
    this.#gate.telemetry.connections.failed({ direction: 'inbound', source, destination }, error);
    resetStream(socket);
  }
}

/** The greeting of a handshake that is over. */
function greetingIn(socket: TLSSocket): Greeting {
  const name = 'servername' in socket && typeof socket.servername === 'string' ? socket.servername : undefined;
  return { kind: 'hello', ...(name === undefined ? {} : { serverName: name }) };
}

function protocolOf(socket: TLSSocket): WireProtocol | undefined {
  return socket.alpnProtocol === 'h2' ? 'http2' : socket.alpnProtocol === 'http/1.1' ? 'http1' : undefined;
}

function clusterName(service: ServiceInfo, port: number): string {
  return `outbound|${port}||${service.hostname}`;
}
