import type { Fields } from '../decode/fields.js';
import type { ServiceEntry } from '../model/istio.js';
import { checkAddresses } from './values/address.js';
import { checkServiceAccountName } from './values/service-account-name.js';

/** Checks a ServiceEntry as far as its own schema makes hosts, addresses and endpoints unambiguous. */
export function validateServiceEntry(entry: ServiceEntry, object: Fields): void {
  const spec = object.fields('spec');
  if (spec === undefined) return;
  checkHosts(entry, spec);
  checkAddresses(spec.texts('addresses'), ['ip', 'prefix'], spec);
  for (const endpoint of spec.fieldsList('endpoints')) checkEndpoint(endpoint);
  if (spec.has('endpoints') && spec.has('workloadSelector')) {
    reportEntry(
      spec,
      'workloadSelector',
      '`workloadSelector` stands beside `endpoints`',
      'keep one: endpoints are listed or selected',
    );
  }
  if (spec.has('endpoints') && entry.resolution === 'NONE') {
    reportEntry(
      spec,
      'endpoints',
      'endpoints have no meaning with resolution NONE',
      'write `resolution: STATIC`, or remove the endpoints',
    );
  }
  const numbers = entry.ports.map(({ number }) => number);
  const repeated = numbers.find((number, index) => numbers.indexOf(number) !== index);
  if (repeated !== undefined) reportEntry(spec, 'ports', `port ${repeated} is declared twice`, 'keep one of the two');
}

function checkHosts({ hosts }: ServiceEntry, spec: Fields): void {
  if (hosts.length === 0 && spec.has('hosts')) reportEntry(spec, 'hosts', 'the service has no host', 'name at least one host');
  if (hosts.includes('*')) reportEntry(spec, 'hosts', 'the host `*` would be every host', 'name the hosts of the service');
}

function checkEndpoint(endpoint: Fields): void {
  const address = endpoint.text('address');
  if (address !== undefined) checkAddresses([address], ['ip', 'host'], endpoint);
  const account = endpoint.text('serviceAccount');
  if (account !== undefined && account.value !== '') checkServiceAccountName(account.value, 'serviceAccount', endpoint);
}

function reportEntry(spec: Fields, field: string, message: string, hint: string): void {
  spec.report('service-entry', spec.spanOf(field), message, { hint });
}
