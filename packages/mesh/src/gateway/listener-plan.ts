import type { ListenerPlan } from '../socket/listener-set.js';
import { namespaceOf } from '../socket/namespace-of.js';
import type { GatewayState } from './gateway-state.js';
import { portKind } from './listener-kind.js';

/** A socket of a gateway: one for each port, shared by the listeners that differ by host name. */
export interface GatewayPlan extends ListenerPlan {
  /** The declared port, the one that policy sees. */
  readonly declaredPort: number;
}

/** The sockets that a gateway needs; a port that nothing can be served on is not opened. */
export function plansOf(state: GatewayState | undefined): readonly GatewayPlan[] {
  if (state === undefined) {
    return [];
  }
  const ports = [...new Set(state.gateway.resource.listeners.map(({ port }) => port))];
  return ports.flatMap((port): GatewayPlan[] => {
    const kind = portKind(state.listenersOn(port));
    return kind === undefined || kind === 'conflict' ? [] : plansOfPort(state, port);
  });
}

/** One socket, or where gateways have a namespace two: for the mesh in there, for everyone else on this machine's own network. */
function plansOfPort({ snapshot: { addresses }, gateway, socketAddress }: GatewayState, declaredPort: number): GatewayPlan[] {
  const { key } = gateway.workload;
  const plan = {
    address: socketAddress,
    port: addresses.socketPort(declaredPort),
    declaredPort,
    // One word for all kinds: a port that changes from HTTP to HTTPS keeps its socket.
    purpose: 'listener',
    workload: key,
  };
  const host = addresses.namespaces?.hostAddress(key);
  const outside = host === undefined ? [] : [{ ...plan, address: host }];
  return [...outside, { ...plan, ...namespaceOf(addresses, key) }];
}
