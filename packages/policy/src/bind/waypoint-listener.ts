import { inboundBinding } from '../inventory/application-tunnel.js';
import type { GatewayInfo, Inventory } from '../inventory/inventory.js';
import type { Listener } from '../resource/model/index.js';

/** The listener whose `allowedRoutes` say which namespaces a waypoint admits: the one that it is bound to, else that of HBONE (reference section 5.3). */
export function waypointListener({ gatewayClasses }: Inventory, { resource }: GatewayInfo): Listener | undefined {
  const binding = inboundBinding(resource, gatewayClasses.get(resource.gatewayClassName));
  const isBound = ({ port, protocol }: Listener) =>
    binding?.port === undefined ? binding?.protocol === 'PROXY' && protocol === 'istio.io/PROXY' : port === binding.port;
  return (
    resource.listeners.find(isBound) ?? resource.listeners.find(({ port, protocol }) => port === 15008 && protocol === 'HBONE')
  );
}
