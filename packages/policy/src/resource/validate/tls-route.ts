import type { Fields } from '../decode/fields.js';
import type { TLSRoute } from '../model/gateway-api.js';
import { isDnsSubdomain } from './names.js';

/** Checks what a TLSRoute chooses by, and that it belongs to gateways only: no waypoint here routes by server name. */
export function validateTlsRoute(route: TLSRoute, object: Fields): void {
  const spec = object.fields('spec');
  for (const hostname of spec?.texts('hostnames') ?? []) {
    const name = hostname.value.startsWith('*.') ? hostname.value.slice(2) : hostname.value;
    if (isDnsSubdomain(name) && !isAddress(name)) continue;
    object.report('route-hostname', hostname.span, `\`${hostname.value}\` is no server name that a client could ask for`, {
      hint: 'write a DNS name in lower case, or `*.` before one',
    });
  }
  for (const parent of route.parentRefs) {
    if (parent.kind === 'Gateway') continue;
    object.report('unsupported-route-feature', parent.span, `a TLSRoute that belongs to a ${parent.kind} is not supported`, {
      hint: 'let it belong to the listener of a Gateway, or write a TCPRoute',
    });
  }
}

/** Four numbers are spelt like a DNS name, and no client sends them as one. */
function isAddress(name: string): boolean {
  return name.split('.').every((part) => /^[0-9]+$/.test(part));
}
