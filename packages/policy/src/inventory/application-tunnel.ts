import type { Gateway, GatewayClass } from '../resource/model/index.js';
import { bindingAnnotation, parseInboundBinding } from '../resource/validate/values/inbound-binding.js';
import type { ApplicationTunnel } from './inventory.js';
import { ownValue } from './labels.js';

/**
 * How the pods of a waypoint get what their ztunnel has taken out of HBONE: as the Gateway says, else its class (reference section 5.3,
 * item 9). Undefined where neither says so in a way that can be read.
 */
export function inboundBinding(gateway: Gateway, gatewayClass: GatewayClass | undefined): ApplicationTunnel | undefined {
  const written =
    ownValue(gateway.metadata.annotations, bindingAnnotation) ??
    ownValue(gatewayClass?.metadata.annotations ?? {}, bindingAnnotation);
  return written === undefined ? undefined : parseInboundBinding(written);
}
