import {
  type Gate,
  type GateOptions,
  startEastWest,
  startGateway,
  startWaypoint,
  startZtunnelDestination,
  startZtunnelSource,
} from '@sallyport/mesh';
import type { GateRole } from '../gate-protocol/messages.js';

/** Starts the gate of a role. Rejects where it cannot open its sockets. */
export function startGate(role: GateRole, options: GateOptions): Promise<Gate> {
  switch (role.kind) {
    case 'ztunnel-source':
      return startZtunnelSource(options);
    case 'ztunnel-destination':
      return startZtunnelDestination(options);
    case 'waypoint':
      return startWaypoint({ ...options, gateway: role.gateway });
    case 'gateway':
      return startGateway({ ...options, gateway: role.gateway });
    case 'east-west':
      return startEastWest({ ...options, gateway: role.gateway });
  }
}
