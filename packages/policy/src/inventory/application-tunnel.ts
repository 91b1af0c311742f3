import type { Gateway, GatewayClass } from '../resource/model/index.js';
import type { ApplicationTunnel } from './inventory.js';
import { ownValue } from './labels.js';

const bindingAnnotation = 'ambient.istio.io/waypoint-inbound-binding';

/**
 * How the pods of a waypoint get what their ztunnel has taken out of HBONE: `PROTOCOL` or `PROTOCOL/PORT`, on the Gateway, else on
 * its class (reference section 5.3, item 9). Undefined where neither says so in a way that can be read.
 */
export function inboundBinding(gateway: Gateway, gatewayClass: GatewayClass | undefined): ApplicationTunnel | undefined {
  const written =
    ownValue(gateway.metadata.annotations, bindingAnnotation) ??
    ownValue(gatewayClass?.metadata.annotations ?? {}, bindingAnnotation);
  const [protocol, port, ...more] = written?.split('/') ?? [];
  if ((protocol !== 'PROXY' && protocol !== 'NONE') || more.length > 0) return undefined;
  if (port === undefined) return { protocol };
  const number = /^[0-9]{1,5}$/.test(port) ? Number(port) : 0;
  return number >= 1 && number <= 65_535 ? { protocol, port: number } : undefined;
}
