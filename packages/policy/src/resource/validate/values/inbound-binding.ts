import type { Fields } from '../../decode/fields.js';
import type { Metadata } from '../../model/metadata.js';

/** The annotation of a Gateway or GatewayClass that says how the waypoint's pods get what their ztunnel has taken out of HBONE (reference section 5.3, item 9). */
export const bindingAnnotation = 'ambient.istio.io/waypoint-inbound-binding';

/** Reads `PROTOCOL` or `PROTOCOL/PORT`; undefined where it is neither. */
export function parseInboundBinding(text: string): { readonly protocol: 'PROXY' | 'NONE'; readonly port?: number } | undefined {
  const [protocol, port, ...more] = text.split('/');
  if ((protocol !== 'PROXY' && protocol !== 'NONE') || more.length > 0) return undefined;
  if (port === undefined) return { protocol };
  const number = /^[0-9]{1,5}$/.test(port) ? Number(port) : 0;
  return number >= 1 && number <= 65_535 ? { protocol, port: number } : undefined;
}

/** Warns of a binding that cannot be read: upstream and the gates here pass over it, and with it over the waypoint. */
export function checkInboundBinding({ metadata }: { readonly metadata: Metadata }, object: Fields): void {
  const written = metadata.annotations[bindingAnnotation];
  if (written === undefined || parseInboundBinding(written) !== undefined) return;
  const annotations = object.fields('metadata')?.fields('annotations') ?? object;
  annotations.report('inbound-binding', annotations.valueSpan(bindingAnnotation), `\`${written}\` binds no waypoint`, {
    hint: 'write `PROXY` or `NONE`, with a port as in `PROXY/15088` where the waypoint listens for it',
  });
}
