import type { Fields } from '../decode/fields.js';
import type { ServiceEntry } from '../model/istio.js';
import { checkEndpointAccounts } from './service-account.js';

/** Checks a ServiceEntry as far as its own schema makes endpoints and hosts unambiguous. */
export function validateServiceEntry(entry: ServiceEntry, object: Fields): void {
  const spec = object.fields('spec');
  if (spec === undefined) return;
  checkEndpointAccounts(entry, spec);
  const report = (name: string, message: string, hint: string) =>
    spec.report('service-entry', spec.spanOf(name), message, { hint });
  if (entry.hosts.length === 0 && spec.has('hosts')) report('hosts', 'the service has no host', 'name at least one host');
  if (entry.hosts.includes('*')) report('hosts', 'the host `*` would be every host', 'name the hosts of the service');
  if (spec.has('endpoints') && spec.has('workloadSelector')) {
    report('workloadSelector', '`workloadSelector` stands beside `endpoints`', 'keep one: endpoints are listed or selected');
  }
  if (spec.has('endpoints') && entry.resolution === 'NONE') {
    report('endpoints', 'endpoints have no meaning with resolution NONE', 'write `resolution: STATIC`, or remove the endpoints');
  }
}
