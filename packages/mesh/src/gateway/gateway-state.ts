import type { ConnectionAttributes, GatewayInfo, Listener } from '@sallyport/policy';
import type { Snapshot } from '../gate.js';
import { GateDeciders } from '../l7/gate-deciders.js';
import { serverNameAttributes } from '../l7/server-name.js';
import { inSlices } from '../socket/in-slices.js';
import type { ClientFacts } from './client-facts.js';
import { connectionKind } from './listener-kind.js';
import { ServerCertificates } from './server-certificates.js';

/** What an ingress gateway is under one snapshot. */
export class GatewayState {
  readonly gateway: GatewayInfo;
  readonly deciders: GateDeciders;
  readonly certificates: ServerCertificates;

  private constructor(
    readonly snapshot: Snapshot,
    gateway: GatewayInfo,
    /** Where its listeners are. */
    readonly socketAddress: string,
    previous: GatewayState | undefined,
  ) {
    this.gateway = gateway;
    this.deciders = new GateDeciders(snapshot.inventory, gateway, previous?.deciders);
    this.certificates = new ServerCertificates(snapshot.inventory, gateway);
  }

  /** The state of a gateway; undefined where the snapshot has no such ingress gateway, or no address for it. */
  static of(snapshot: Snapshot, key: string, previous?: GatewayState): GatewayState | undefined {
    const gateway = snapshot.inventory.gateways.get(key);
    const address = gateway === undefined ? undefined : snapshot.addresses.socketAddress(gateway.workload.address);
    return gateway?.role !== 'ingress' || address === undefined
      ? undefined
      : new GatewayState(snapshot, gateway, address, previous);
  }

  /** Makes the deciders of its listeners, so that no request waits for one. Rejects where `signal` says to stop, and only there. */
  prepare(signal: AbortSignal): Promise<void> {
    return inSlices(
      () => new Set(this.gateway.resource.listeners.map(connectionKind)),
      (kind) => {
        if (kind === 'http' || kind === 'https') this.deciders.prepareRequests('listeners');
        else if (kind !== undefined) this.deciders.prepareConnections('listeners');
      },
      signal,
    );
  }

  /** The listeners that share a declared port, in the order of the manifest. */
  listenersOn(port: number): readonly Listener[] {
    return this.gateway.resource.listeners.filter((listener) => listener.port === port);
  }

  /** A client's connection as policy sees it. */
  attributes({ port, address, client, greeting }: ClientFacts): ConnectionAttributes {
    return {
      sourceIp: address,
      ...(client === undefined ? {} : { remoteIp: client.address }),
      destinationIp: this.gateway.workload.address,
      destinationPort: port,
      ...serverNameAttributes(greeting, this.snapshot.inventory.dialect.name === 'strict'),
    };
  }
}
