import type { Duplex } from 'node:stream';
import type { GatewayInfo, Permit, Workload } from '@sallyport/policy';
import type { Snapshot } from '../gate.js';
import type { HbonePool } from '../hbone/hbone-pool.js';
import { innerHeaders, tunnelHeaders } from '../hbone/headers.js';
import { UpstreamError } from '../http/upstream.js';
import { OverflowError } from '../socket/connect-socket.js';
import { dialTcp } from '../socket/dial-tcp.js';
import { namespaceOf } from '../socket/namespace-of.js';
import { dialOutside } from './dial-outside.js';
import { type Hop, hbonePort, hopHost } from './hop.js';

/** Whose connection goes on, for the logs of the gates behind; never for a verdict. */
export interface Origin {
  readonly sourceAddress: string;
  readonly sourcePort: number;
  /** The service that the client asked for. */
  readonly serviceHost?: string;
  readonly traceparent?: string | undefined;
}

/** What a gate is at the moment of dialling. */
export interface DialContext {
  readonly snapshot: Snapshot;
  readonly gateway: GatewayInfo;
}

/** Opens a gate's onward connections, always as the gate itself: its own identity, from its own socket address. */
export class OnwardDialer {
  constructor(
    private readonly pool: HbonePool,
    private readonly connectTimeoutMs: number,
  ) {}

  /**
   * Connects to what a hop leads to. The permit is the verdict that admitted the connection or request; nothing is opened
   * without one. Rejects with UpstreamError.
   */
  async open(permit: Permit, { snapshot, gateway }: DialContext, hop: Hop, origin: Origin): Promise<Duplex> {
    if (permit.effect !== 'allow') {
      throw new UpstreamError('NR', 403, 'no permit for this connection');
    }
    const { addresses } = snapshot;
    const localAddress = addresses.socketAddress(gateway.workload.address);
    if (localAddress === undefined) {
      throw new UpstreamError('UF', 503, `gateway ${gateway.key} has no socket address`);
    }
    try {
      const place = { localAddress, ...namespaceOf(addresses, gateway.workload.key) };
      return await this.#dial(permit, { snapshot, gateway }, hop, { origin, place });
    } catch (cause) {
      if (cause instanceof UpstreamError) throw cause;
      const flag = cause instanceof OverflowError ? 'UO' : 'UF';
      throw new UpstreamError(flag, 503, `no connection to ${hopHost(hop)}`, { cause });
    }
  }

  #dial(permit: Permit, context: DialContext, hop: Hop, from: DialOrigin): Promise<Duplex> {
    const { addresses } = context.snapshot;
    const timeoutMs = this.connectTimeoutMs;
    switch (hop.kind) {
      case 'hbone':
        return this.#tunnel(permit, context, hop, from);
      case 'plaintext': {
        const address = addresses.applicationAddress(hop.workload.key) ?? addresses.socketAddress(hop.workload.address);
        const port = addresses.socketPort(hop.port);
        return dialTcp({ address: known(address, hop.workload), port, ...from.place, timeoutMs });
      }
      case 'passthrough':
        return dialOutside(addresses, { host: hop.host, port: hop.port, timeoutMs });
    }
  }

  async #tunnel(
    permit: Permit,
    { snapshot, gateway }: DialContext,
    hop: Extract<Hop, { kind: 'hbone' }>,
    { origin, place }: DialOrigin,
  ): Promise<Duplex> {
    const headers = tunnelHeaders({
      workload: gateway.workload,
      judgedBy: gateway.role === 'waypoint' ? 'waypoint' : 'gateway',
      ...origin,
    });
    const inner = hop.inner && { expectedIdentities: hop.inner, headers: innerHeaders(headers, gateway.workload.network) };
    const tunnel = await this.pool.connect({
      permit,
      identity: gateway.workload.identity,
      address: known(snapshot.addresses.socketAddress(hop.workload.address), hop.workload),
      port: snapshot.addresses.socketPort(hbonePort),
      ...place,
      expectedIdentities: hop.expected ?? [hop.workload.identity],
      authority: hop.authority,
      headers,
      ...(inner === undefined ? {} : { inner }),
    });
    return tunnel.stream;
  }
}

interface DialOrigin {
  readonly origin: Origin;
  /** The gate's own. */
  readonly place: { readonly localAddress: string; readonly namespace?: string };
}

function known(address: string | undefined, workload: Workload): string {
  if (address === undefined) {
    throw new UpstreamError('UF', 503, `workload ${workload.key} has no socket address`);
  }
  return address;
}
