import type { Fields } from '../decode/fields.js';
import type { EndpointSlice, Service } from '../model/kubernetes.js';
import { checkAddresses } from './values/address.js';

/** Checks where a Service is. */
export function validateService(_service: Service, object: Fields): void {
  const spec = object.fields('spec');
  if (spec === undefined) return;
  const single = spec.text('clusterIP');
  checkAddresses([...(single === undefined ? [] : [single]), ...spec.texts('clusterIPs')], ['ip', 'none'], spec);
}

/** Checks where the endpoints of an EndpointSlice are; those of type FQDN are names. */
export function validateEndpointSlice(_slice: EndpointSlice, object: Fields): void {
  const form = object.string('addressType') === 'FQDN' ? 'host' : 'ip';
  for (const endpoint of object.fieldsList('endpoints')) checkAddresses(endpoint.texts('addresses'), [form], endpoint);
}
